//! The console as a browser sees it, and the files that it is made of.

mod locales;
mod sources;
mod templates;
