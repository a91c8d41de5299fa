//! The journal: who changed what, when, why, and how it ended.
