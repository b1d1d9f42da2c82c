//! What stands between the network and a handler: headers, who is asking, and whether the form is ours.

pub(crate) mod client_ip;
pub(crate) mod cookies;
pub(crate) mod csrf;
pub(crate) mod gate;
pub(crate) mod headers;
pub(crate) mod pace;
pub(crate) mod redirect;
pub(crate) mod request_id;
pub(crate) mod signed;
pub(crate) mod tickets;
