//! Pages by key, not by offset: the cost of a page does not depend on how far back it is.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Serialize, de::DeserializeOwned};

use crate::error::StoreError;

const MOST: u32 = 500;

/// Some items, and where to go on.
#[derive(Clone, Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Opaque; hand it back as `cursor`. `None` = this was the last page.
    pub next: Option<String>,
}

/// One more row than the page shows tells whether there is a next page.
pub(crate) fn rows_to_read(limit: u32) -> u64 {
    u64::from(limit.clamp(1, MOST)) + 1
}

/// Cuts the extra row off; `key` gives the cursor of the last row that is shown.
pub(crate) fn cut<R, K: Serialize>(
    mut rows: Vec<R>,
    limit: u32,
    key: impl Fn(&R) -> K,
) -> (Vec<R>, Option<String>) {
    let limit = limit.clamp(1, MOST) as usize;
    if rows.len() <= limit {
        return (rows, None);
    }
    rows.truncate(limit);
    let next = rows.last().map(|r| write_cursor(&key(r)));
    (rows, next)
}

fn write_cursor<K: Serialize>(key: &K) -> String {
    URL_SAFE_NO_PAD.encode(serde_json::to_string(key).unwrap_or_default())
}

/// A cursor comes from outside: one that we did not write is refused.
pub(crate) fn read_cursor<K: DeserializeOwned>(cursor: Option<&str>) -> Result<Option<K>, StoreError> {
    let Some(text) = cursor else { return Ok(None) };
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let key = bytes.and_then(|b| serde_json::from_slice(&b).ok());
    key.map(Some).ok_or(StoreError::Cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_page_names_the_next_and_a_short_one_does_not() {
        let (items, next) = cut(vec![1, 2, 3], 2, |n| *n);
        assert_eq!(items, [1, 2]);
        assert_eq!(read_cursor::<i32>(next.as_deref()).unwrap(), Some(2));
        let (items, next) = cut(vec![1, 2], 2, |n| *n);
        assert_eq!((items.len(), next), (2, None));
    }

    #[test]
    fn a_cursor_that_we_did_not_write_is_refused() {
        for text in ["", "%", "eHg", "bnVsbA"] {
            assert!(
                matches!(read_cursor::<i64>(Some(text)), Err(StoreError::Cursor)),
                "{text}"
            );
        }
    }
}
