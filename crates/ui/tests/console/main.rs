//! The console as a browser sees it, and the files that it is made of.

mod everyday;
mod gate;
mod locales;
mod mail;
mod sign_in;
mod sources;
mod templates;
mod visitor;
