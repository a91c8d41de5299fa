//! What an HTTPRoute says: pure types, parsing, status, shares.
