//! Tests of the cluster, in one binary.
