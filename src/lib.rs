//! tidegate: a terminal cockpit for Kubernetes Gateway API rollouts.
//!
//! Data flows one way, and each folder is one station of it:
//! the world → snapshots → state → screen → intent → change → the world.

pub mod app;
pub mod audit;
pub mod cli;
pub mod clock;
pub mod cluster;
pub mod config;
pub mod demo;
pub mod diagnose;
pub mod keys;
pub mod metrics;
pub mod pilot;
pub mod probe;
pub mod rollout;
pub mod route;
pub mod stats;
pub mod term;
pub mod ui;
mod web;
