//! State, messages and `update`: (state, message) → (state, effects).
