//! The Kubernetes API: connect, watch, read, patch, review access, emit events.
