//! TXT and MX records. What a foreign zone can make us hold is bounded here.

use std::time::Duration;

use hickory_resolver::{
    lookup::Lookup,
    net::{DnsError, NetError},
    proto::{
        op::ResponseCode,
        rr::{Name, RData, RecordType},
    },
};
use tokio::time::timeout;

use super::{LONGEST, ResolveError, Resolver, blame, classify};

/// Records of one name that are kept.
const MOST_RECORDS: usize = 100;
/// Bytes of one TXT record that are kept.
const LONGEST_RECORD: usize = 8 * 1024;

/// A server that receives mail for a domain (RFC 5321, 5.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The lowest is tried first.
    pub preference: u16,
    /// Lower case, without a final dot; empty = the root, which says that there is none (RFC 7505).
    pub host: String,
}

impl Resolver {
    /// The TXT records of a name, the strings of each joined. Empty when the name exists without any. Bytes that are
    /// no UTF-8 become U+FFFD.
    pub(crate) async fn txt(&self, name: &str, budget: Duration) -> Result<Vec<String>, ResolveError> {
        let lookup = self.records(name, RecordType::TXT, budget).await?;
        let text = |data: &RData| match data {
            RData::TXT(txt) => {
                let mut bytes: Vec<u8> = txt.txt_data.concat();
                bytes.truncate(LONGEST_RECORD);
                Some(String::from_utf8_lossy(&bytes).into_owned())
            }
            _ => None,
        };
        Ok(collect(lookup.as_ref(), text))
    }

    /// The mail servers of a domain, the preferred one first. Empty when the name exists without any.
    pub(crate) async fn mx(&self, name: &str, budget: Duration) -> Result<Vec<Exchange>, ResolveError> {
        let lookup = self.records(name, RecordType::MX, budget).await?;
        let exchange = |data: &RData| match data {
            RData::MX(mx) => Some(Exchange {
                preference: mx.preference,
                host: mx.exchange.to_ascii().trim_end_matches('.').to_ascii_lowercase(),
            }),
            _ => None,
        };
        let mut all = collect(lookup.as_ref(), exchange);
        all.sort_by(|a, b| (a.preference, &a.host).cmp(&(b.preference, &b.host)));
        Ok(all)
    }

    /// `None`: the name exists, without such records.
    async fn records(
        &self,
        name: &str,
        kind: RecordType,
        budget: Duration,
    ) -> Result<Option<Lookup>, ResolveError> {
        let name = name.strip_suffix('.').unwrap_or(name);
        let unusable = || ResolveError::NotFound(format!("\"{name}\" is not a name that DNS can hold"));
        let mut query = Name::from_ascii(name).map_err(|_| unusable())?;
        // Never with a search domain behind it: the question is about this very name.
        query.set_fqdn(true);
        let sources = self.sources();
        let dns = sources.dns.as_ref().map_err(|e| ResolveError::Ours(e.clone()))?;
        let budget = budget.min(LONGEST);
        let error = match timeout(budget.mul_f32(0.8), dns.lookup(query, kind)).await {
            Ok(Ok(lookup)) => return Ok(Some(lookup)),
            Ok(Err(NetError::Dns(DnsError::NoRecordsFound(none)))) => {
                return match none.response_code {
                    ResponseCode::NXDomain => Err(ResolveError::NotFound(format!(
                        "The name {name} does not exist (NXDOMAIN)"
                    ))),
                    _ => Ok(None),
                };
            }
            Ok(Err(error)) => Some(error),
            Err(_) => None,
        };
        let seen = error.as_ref().map_or("no answer".to_owned(), NetError::to_string);
        match error.and_then(|e| classify(name, &e)) {
            Some(e) => Err(e),
            None => Err(blame(dns, &seen, budget.mul_f32(0.2)).await),
        }
    }
}

fn collect<T>(lookup: Option<&Lookup>, read: impl Fn(&RData) -> Option<T>) -> Vec<T> {
    // Aliases that were followed stand among the answers.
    let records = lookup.into_iter().flat_map(|l| l.answers());
    records.filter_map(|r| read(&r.data)).take(MOST_RECORDS).collect()
}
