//! KernelFn
