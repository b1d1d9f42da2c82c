//! Every service against a copy of it that says what its documentation says.
//!
//! A row of the table (`rows`) is all that a service adds: what is filled in, what a yes looks like, each documented no
//! and what follows from it. The tests here hold for all of them.

#[path = "../scene/mod.rs"]
mod scene;

mod lifecycle;
mod particular;
mod patience;
mod refused;
mod row;
mod rows;
mod table;
mod trial;
