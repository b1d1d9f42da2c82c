//! Splitting a configuration into what may be read and what is sealed, and joining it again.
//!
//! A configuration's public JSON carries `null` where a secret belongs; its secret JSON has the same shape and only the
//! secrets. Joined, they are what was typed.

use serde_json::Value;

/// Lays the values of `secret` over `public`, object by object.
pub fn join(public: &mut Value, secret: Value) {
    match (public, secret) {
        (Value::Object(p), Value::Object(s)) => {
            for (k, v) in s {
                join(p.entry(k).or_insert(Value::Null), v);
            }
        }
        (slot, v) => *slot = v,
    }
}

/// Removes the members that are `null`: what is left of a configuration whose secrets cannot be opened.
pub fn without_secrets(value: &mut Value) {
    if let Value::Object(map) = value {
        map.retain(|_, v| !v.is_null());
        map.values_mut().for_each(without_secrets);
    }
}
