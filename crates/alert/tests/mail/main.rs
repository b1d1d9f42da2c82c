//! The mail conversation against a mail server that does what it is told.

mod answers;
mod deadlines;
mod hostile;
mod live;
mod one_way;
mod scene;
mod secrets;
mod security;
