"""The three cut methods, exact, smart and copy, and the codec knowledge they need."""
