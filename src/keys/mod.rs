//! One table: action, keys, context, help text, danger.
