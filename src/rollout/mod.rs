//! What may be done with a route: roles, ladder, plan, gate, proof. Pure.
