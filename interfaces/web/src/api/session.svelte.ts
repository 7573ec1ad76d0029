const KEY = "autoclip.token";

/** The token of AUTOCLIP_API_TOKEN, if the server asks for one; kept for the tab, or for longer where that is wanted. */
class Session {
  token = $state<string | null>(sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY));
  needsToken = $state(false);

  signIn(token: string, stay: boolean): void {
    (stay ? localStorage : sessionStorage).setItem(KEY, token);
    this.token = token;
    this.needsToken = false;
  }

  signOut(): void {
    localStorage.removeItem(KEY);
    sessionStorage.removeItem(KEY);
    this.token = null;
    this.needsToken = true;
  }

  headers(): Record<string, string> {
    return this.token === null ? {} : { Authorization: `Bearer ${this.token}` };
  }
}

export const session = new Session();
