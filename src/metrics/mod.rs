//! Numbers per version: providers, queries, the Prometheus client, series with gaps.
