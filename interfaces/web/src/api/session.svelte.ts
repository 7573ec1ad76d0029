import { authorization, storedToken, TOKEN_KEY } from "./token";

/** The token of AUTOCLIP_API_TOKEN, if the server asks for one; kept for the tab, or for longer where that is wanted. */
class Session {
  token = $state<string | null>(storedToken());
  needsToken = $state(false);

  signIn(token: string, stay: boolean): void {
    (stay ? localStorage : sessionStorage).setItem(TOKEN_KEY, token);
    this.token = token;
    this.needsToken = false;
  }

  signOut(): void {
    localStorage.removeItem(TOKEN_KEY);
    sessionStorage.removeItem(TOKEN_KEY);
    this.token = null;
    this.needsToken = true;
  }

  headers(): Record<string, string> {
    return authorization(this.token);
  }
}

export const session = new Session();
