//! Pages by key, not by offset: the cost of a page does not depend on how far back it is.

/// Some items, and where to go on.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Opaque; hand it back as `cursor`. `None` = this was the last page.
    pub next: Option<String>,
}
