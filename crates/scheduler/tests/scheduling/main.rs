//! The scheduler with a real database, real probes and real sockets.

mod changes;
mod harness;
mod load;
mod memory;
mod timing;
