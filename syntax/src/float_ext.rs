//! FloatExt
