//! Tests of the text way.
