"""Files that clients send: forms, plain bodies and resumable uploads."""
