//! Spans
