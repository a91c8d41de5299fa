//! The real cluster of tests/rig.
