//! Defaults and settings.
