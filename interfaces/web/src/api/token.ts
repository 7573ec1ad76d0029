/** Where the browser keeps the token of AUTOCLIP_API_TOKEN. */
export const TOKEN_KEY = "autoclip.token";

/** The token that was given before, in this tab or for longer. */
export function storedToken(): string | null {
  return sessionStorage.getItem(TOKEN_KEY) ?? localStorage.getItem(TOKEN_KEY);
}

export function authorization(token: string | null): Record<string, string> {
  return token === null ? {} : { Authorization: `Bearer ${token}` };
}
