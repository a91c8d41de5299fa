//! Carries one change through, from plan to proof.
