//! Every finding there is: its name, how bad it is, and its sentences in English.
//!
//! `{name}` stands for a value. Other languages have the same sentences under `finding-<code>` (what was seen) and
//! `finding-<code>-do` (what to do); a test of the console holds them complete, with the same values.

use super::{Status, Topic};

macro_rules! codes {
    ($($variant:ident = $code:literal, $topic:ident $status:ident: $seen:literal, $advice:literal;)+) => {
        /// The name of a finding; stable, as scripts read it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Code { $($variant),+ }

        impl Code {
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            pub const fn topic(self) -> Topic {
                match self { $(Self::$variant => Topic::$topic),+ }
            }

            pub const fn status(self) -> Status {
                match self { $(Self::$variant => Status::$status),+ }
            }

            /// What was seen, with placeholders.
            pub const fn seen(self) -> &'static str {
                match self { $(Self::$variant => $seen),+ }
            }

            /// What to do, with placeholders; empty = nothing.
            pub const fn advice(self) -> &'static str {
                match self { $(Self::$variant => $advice),+ }
            }
        }
    };
}

codes! {
    SpfFound = "spf-found", Spf Good:
        "{domain} has the SPF record {record}.", "";
    SpfMissing = "spf-missing", Spf Bad:
        "{domain} has no SPF record, so receivers cannot tell your mail from forged mail.",
        "Publish this TXT record, with every other service that sends for the domain added to it.";
    SpfLookalike = "spf-lookalike", Spf Bad:
        "{domain} has the TXT record {record}, which looks like SPF but is not read as such.",
        "Correct it: it must start with exactly v=spf1 and a space, without quotation marks.";
    SpfSeveral = "spf-several", Spf Bad:
        "{domain} has {count} SPF records. Receivers then use none of them and report a permanent error.",
        "Replace them by this one record, which permits what they permit together.";
    SpfSyntax = "spf-syntax", Spf Bad:
        "The SPF record of {target} contains {term}, which is not SPF. Receivers report a permanent error for the whole record.",
        "Correct or remove this part. Parts are separated by single spaces.";
    SpfFailed = "spf-failed", Spf Unknown:
        "The TXT records of {domain} could not be looked up: {why}",
        "Look again in a minute. If it stays like this, the name servers of the domain do not work.";
    SpfNobody = "spf-nobody", Spf Bad:
        "The SPF record of {domain} says that nobody may send for it.",
        "Name your mail server in the record.";
    SpfEndFail = "spf-end-fail", Spf Good:
        "The record ends in -all: mail from any other server fails.", "";
    SpfEndSoftFail = "spf-end-soft-fail", Spf Good:
        "The record ends in ~all: mail from any other server is suspicious.", "";
    SpfEndNeutral = "spf-end-neutral", Spf Warning:
        "The record ends in ?all, which says nothing about other servers.",
        "End it in ~all.";
    SpfEndPass = "spf-end-pass", Spf Bad:
        "The record ends in +all: it permits the whole world to send as {domain}.",
        "End it in ~all.";
    SpfEndMissing = "spf-end-missing", Spf Warning:
        "The record has no end: it says nothing about other servers.",
        "End it in ~all.";
    SpfIgnored = "spf-ignored", Spf Warning:
        "Receivers ignore {terms}: nothing counts after \"all\", and no redirect beside it.",
        "Move what you need in front of \"all\" and remove the rest.";
    SpfPtr = "spf-ptr", Spf Warning:
        "The record uses \"ptr\", which is slow and which some receivers ignore.",
        "Name the servers by \"a\", \"mx\", \"ip4\" or \"ip6\" instead.";
    SpfLookups = "spf-lookups", Spf Good:
        "Evaluating the record takes {count} of at most {most} lookups.", "";
    SpfLookupsAtLeast = "spf-lookups-at-least", Spf Unknown:
        "Evaluating the record takes at least {count} lookups; parts of it could not be followed. At most {most} are allowed.",
        "";
    SpfLookupsAtLimit = "spf-lookups-at-limit", Spf Warning:
        "Evaluating the record takes {count} lookups, which is exactly what is allowed. When one of the included services adds one, SPF fails for all your mail.",
        "Remove an include that is no longer needed.";
    SpfTooManyLookups = "spf-too-many-lookups", Spf Bad:
        "Evaluating the record takes {count} lookups, more than the {most} that are allowed. Receivers report a permanent error.",
        "Remove includes that are no longer needed, or give each service its own subdomain.";
    SpfVoid = "spf-void", Spf Warning:
        "These names in the record lead to nothing: {names}.",
        "Remove them from the record, or correct them.";
    SpfTooManyVoid = "spf-too-many-void", Spf Bad:
        "{void} names in the record lead to nothing ({names}). Receivers report a permanent error after two.",
        "Remove them from the record, or correct them.";
    SpfLoop = "spf-loop", Spf Bad:
        "The record includes itself: {path}. Receivers report a permanent error.",
        "Remove the include that leads back.";
    SpfIncludeMissing = "spf-include-missing", Spf Bad:
        "The record contains {term}, but {target} has no SPF record. Receivers report a permanent error.",
        "Remove this part, or correct the name.";
    SpfIncludeSeveral = "spf-include-several", Spf Bad:
        "{target}, which the record includes, has several SPF records. Receivers report a permanent error.",
        "Tell the owner of {target}, or remove the include.";
    SpfIncludeFailed = "spf-include-failed", Spf Unknown:
        "The record of {target}, which is included, could not be looked up: {why}",
        "Look again in a minute.";
    SpfMacro = "spf-macro", Spf Unknown:
        "What {term} leads to depends on the single mail and cannot be followed from here.", "";
    SpfProviderIncluded = "spf-provider-included", Spf Good:
        "The record permits {provider} to send.", "";
    SpfProviderOwn = "spf-provider-own", Spf Good:
        "{domain} belongs to {provider}, which takes care of this record.", "";
    SpfProviderMissing = "spf-provider-missing", Spf Bad:
        "Your mail goes through {provider}, but the record of {domain} does not contain include:{include}.",
        "Replace the record by this one.";
    SpfProviderOptional = "spf-provider-optional", Spf Unknown:
        "The record of {domain} does not contain include:{include}. {provider} usually puts a bounce domain of its own into the envelope, and then this record is not asked.",
        "Make sure that DKIM is set up at {provider}. If it sends with {domain} in the envelope, replace the record by this one.";
    SpfRelayUnknown = "spf-relay-unknown", Spf Unknown:
        "From which address your mail server hands mail on to others cannot be seen from here, so whether SPF passes is not known.",
        "Send a test mail to a mailbox elsewhere and paste the headers that arrived.";

    DkimFound = "dkim-found", Dkim Good:
        "The selector {selector} has an RSA key of {bits} bits.", "";
    DkimEd25519 = "dkim-ed25519", Dkim Warning:
        "The selector {selector} has an Ed25519 key, which many receivers cannot verify yet.",
        "Let your mail server sign with an RSA key as well, under a selector of its own.";
    DkimShort = "dkim-short", Dkim Warning:
        "The RSA key of the selector {selector} has {bits} bits; 2048 are usual today.",
        "Make a new key of 2048 bits at your mail service.";
    DkimTooShort = "dkim-too-short", Dkim Bad:
        "The RSA key of the selector {selector} has {bits} bits. Receivers do not accept keys of less than 1024.",
        "Make a new key of 2048 bits at your mail service.";
    DkimNoSelector = "dkim-no-selector", Dkim Unknown:
        "DNS does not list DKIM keys: each one can only be looked up by its selector, and no selector is known.",
        "Enter the selector. It is the s= part of the header DKIM-Signature in a mail that arrived, and on the page of your mail service.";
    DkimUsualMissing = "dkim-usual-missing", Dkim Unknown:
        "{domain} has no key under the selectors that are usual for {provider}: {selectors}.",
        "Switch DKIM on at {provider}, or enter the selector that it gave you.";
    DkimMissing = "dkim-missing", Dkim Bad:
        "There is no key at {name}.",
        "Check the selector, or publish the record that your mail service shows.";
    DkimNotAKey = "dkim-not-a-key", Dkim Bad:
        "The record at {name} is not a DKIM key: {record}",
        "Publish the record exactly as your mail service shows it, in one piece.";
    DkimKeyInvalid = "dkim-key-invalid", Dkim Bad:
        "The key at {name} is damaged.",
        "Publish the record exactly as your mail service shows it. Long keys are often cut off or broken by spaces and quotation marks.";
    DkimKindUnknown = "dkim-kind-unknown", Dkim Warning:
        "The key at {name} is of the kind {kind}, which receivers do not know.",
        "Use an RSA key of 2048 bits.";
    DkimRevoked = "dkim-revoked", Dkim Bad:
        "The key of the selector {selector} is revoked (empty p=). Signatures with it fail.",
        "Let your mail server sign under another selector, or publish a new key.";
    DkimTesting = "dkim-testing", Dkim Warning:
        "The key of the selector {selector} is marked as a test (t=y). Receivers may treat the mail as unsigned.",
        "Remove t=y from the record once signing works.";
    DkimNotForMail = "dkim-not-for-mail", Dkim Bad:
        "The key of the selector {selector} is only for {services}, not for mail.",
        "Remove s= from the record.";
    DkimHash = "dkim-hash", Dkim Bad:
        "The key of the selector {selector} permits only {hashes}. Receivers accept sha256 alone.",
        "Remove h= from the record.";
    DkimSeveral = "dkim-several", Dkim Warning:
        "There are {count} keys under the selector {selector}; which one receivers take is chance.",
        "Keep one, and give the others selectors of their own.";
    DkimFailed = "dkim-failed", Dkim Unknown:
        "{name} could not be looked up: {why}",
        "Look again in a minute.";

    DmarcFound = "dmarc-found", Dmarc Good:
        "{name} has the DMARC record {record}.", "";
    DmarcInherited = "dmarc-inherited", Dmarc Good:
        "{domain} has no DMARC record of its own; that of {name} applies: {record}", "";
    DmarcMissing = "dmarc-missing", Dmarc Warning:
        "{domain} has no DMARC record. Gmail, Yahoo and Microsoft ask for one from everybody who sends much.",
        "Publish this TXT record. It changes nothing about delivery and sends you daily reports.";
    DmarcLookalike = "dmarc-lookalike", Dmarc Bad:
        "There is a record that looks like DMARC but is not read as such: {record}",
        "Publish this TXT record instead. It must start with exactly v=DMARC1.";
    DmarcSeveral = "dmarc-several", Dmarc Bad:
        "{name} has several DMARC records. Receivers then use none of them.",
        "Keep one.";
    DmarcPolicyInvalid = "dmarc-policy-invalid", Dmarc Bad:
        "The record at {name} has no valid policy (p=none, p=quarantine or p=reject).",
        "Replace the record by this one.";
    DmarcPolicyNone = "dmarc-policy-none", Dmarc Warning:
        "The policy is none: forged mail in the name of {domain} is delivered like any other.",
        "Once the reports show that all your mail passes, change it to p=quarantine.";
    DmarcPolicy = "dmarc-policy", Dmarc Good:
        "The policy is {policy}: mail that fails SPF and DKIM is kept from the inbox, also yours.", "";
    DmarcPercent = "dmarc-percent", Dmarc Warning:
        "The policy applies to {percent} percent of the mail (pct); newer receivers ignore this.",
        "Remove pct from the record.";
    DmarcReports = "dmarc-reports", Dmarc Good:
        "Reports go to {reports}.", "";
    DmarcReportsElsewhere = "dmarc-reports-elsewhere", Dmarc Good:
        "Reports go to {reports}. {other} must permit that by a record at {permission}.", "";
    DmarcNoReports = "dmarc-no-reports", Dmarc Warning:
        "The record asks for no reports (rua), so nobody tells you when your mail fails.",
        "Replace the record by this one, with an address that somebody reads.";
    DmarcReportsInvalid = "dmarc-reports-invalid", Dmarc Warning:
        "Reports cannot go to {address}.",
        "Write the address as mailto:name@example.org.";
    DmarcFailed = "dmarc-failed", Dmarc Unknown:
        "{name} could not be looked up: {why}",
        "Look again in a minute.";

    AlignSame = "align-same", Alignment Good:
        "From address and envelope have the same domain, so a pass of SPF counts for DMARC.", "";
    AlignRelaxed = "align-relaxed", Alignment Good:
        "The envelope has {envelope} and the From address {domain}. Both belong to {organisation}, so a pass of SPF counts for DMARC.",
        "";
    AlignStrict = "align-strict", Alignment Bad:
        "The envelope has {envelope} and the From address {domain}, but the DMARC record wants exactly the same domain (aspf=s). SPF then does not count.",
        "Use the same domain in both, or remove aspf=s.";
    AlignElsewhere = "align-elsewhere", Alignment Warning:
        "The envelope has {envelope}, which does not belong to the same organisation as {domain}. SPF then does not count for DMARC; only DKIM does.",
        "Use an envelope sender in {domain}, or make sure that mail is signed with d={domain}.";
    AlignProviderEnvelope = "align-provider-envelope", Alignment Unknown:
        "{provider} usually replaces the envelope by a bounce domain of its own. SPF then does not count for DMARC; only DKIM does.",
        "Set up DKIM for {domain} at {provider}, or a bounce domain below {domain}.";
    AlignStrictDkim = "align-strict-dkim", Alignment Warning:
        "The DMARC record wants signatures with exactly the domain of the From address (adkim=s).",
        "Make sure that mail is signed with this very domain, not with one above or below it.";
    AlignForeignMailbox = "align-foreign-mailbox", Alignment Bad:
        "Addresses in {domain} belong to {owner}, but your mail server is not theirs. Receivers treat such mail as forged.",
        "Send through the server of {owner}, or use a From address in a domain of your own.";

    MxFound = "mx-found", Mx Good:
        "Replies and bounces to {domain} go to {hosts}.", "";
    MxNull = "mx-null", Mx Bad:
        "{domain} says that it accepts no mail (null MX). Some receivers refuse mail from such a domain, and bounces are lost.",
        "Use a From address whose domain receives mail, or publish MX records.";
    MxNullBesides = "mx-null-besides", Mx Warning:
        "{domain} has the null MX (\".\") beside real servers.",
        "Remove the MX record with the name \".\".";
    MxImplicit = "mx-implicit", Mx Warning:
        "{domain} has no MX record; mail to it is tried at the address of the domain itself.",
        "Publish an MX record, so that replies and bounces arrive.";
    MxMissing = "mx-missing", Mx Bad:
        "{domain} can receive no mail: it has neither an MX record nor an address. Many receivers refuse mail from such a domain.",
        "Publish an MX record, or use another From address.";
    MxIsAddress = "mx-is-address", Mx Bad:
        "An MX record of {domain} holds the address {host} where a host name belongs.",
        "Give the server a name with an A record and use that name.";
    MxHostMissing = "mx-host-missing", Mx Bad:
        "{host}, which receives mail for {domain}, has no address.",
        "Correct the MX record, or publish the address of the host.";
    MxHostFailed = "mx-host-failed", Mx Unknown:
        "The address of {host}, which receives mail for {domain}, could not be looked up: {why}",
        "Look again in a minute.";
    MxFailed = "mx-failed", Mx Unknown:
        "The MX records of {domain} could not be looked up: {why}",
        "Look again in a minute.";
    DomainMissing = "domain-missing", Mx Bad:
        "The domain {domain} does not exist. Receivers refuse mail from it.",
        "Check the spelling of the From address.";

    ResultSpfPass = "result-spf-pass", Results Good:
        "{server}: SPF passed for {identity}.", "";
    ResultSpfFail = "result-spf-fail", Results Bad:
        "{server}: SPF failed for {identity}. The server that delivered the mail is not permitted. {note}",
        "Permit the delivering server in the SPF record of the envelope's domain.";
    ResultSpfSoftFail = "result-spf-soft-fail", Results Warning:
        "{server}: SPF failed softly for {identity}. The server that delivered the mail is not permitted. {note}",
        "Permit the delivering server in the SPF record of the envelope's domain.";
    ResultSpfNone = "result-spf-none", Results Warning:
        "{server}: SPF says nothing about {identity} ({result}). {note}",
        "Publish an SPF record that names the delivering server and ends in ~all.";
    ResultSpfError = "result-spf-error", Results Bad:
        "{server}: the SPF record of {identity} is invalid (permanent error). {note}",
        "Look at the SPF findings for this domain and correct the record.";
    ResultDkimPass = "result-dkim-pass", Results Good:
        "{server}: the DKIM signature of {identity} is valid.", "";
    ResultDkimFail = "result-dkim-fail", Results Bad:
        "{server}: the DKIM signature of {identity} is not valid ({result}). {note}",
        "Check that the key in DNS is the one that your mail server signs with, and that nothing changes the mail on its way.";
    ResultDkimNone = "result-dkim-none", Results Warning:
        "{server}: the mail has no DKIM signature that counts ({result}). {note}",
        "Switch DKIM on at your mail service.";
    ResultDmarcPass = "result-dmarc-pass", Results Good:
        "{server}: DMARC passed for {identity}.", "";
    ResultDmarcFail = "result-dmarc-fail", Results Bad:
        "{server}: DMARC failed for {identity}. Neither SPF nor DKIM passed with this domain. {note}",
        "Let SPF pass with this domain in the envelope, or sign with d= of this domain.";
    ResultDmarcNone = "result-dmarc-none", Results Warning:
        "{server}: {identity} has no DMARC record that could be used ({result}). {note}",
        "Publish a DMARC record.";
    ResultDmarcError = "result-dmarc-error", Results Bad:
        "{server}: the DMARC record of {identity} is invalid (permanent error). {note}",
        "Look at the DMARC findings for this domain and correct the record.";
    ResultTemporary = "result-temporary", Results Unknown:
        "{server}: {method} could not be checked for {identity} at that moment (temporary error). {note}",
        "Send another test mail.";
    ResultUnusual = "result-unusual", Results Unknown:
        "{server}: the result of {method} for {identity} is \"{result}\". {note}", "";
    ResultNotChecked = "result-not-checked", Results Unknown:
        "{server} says nothing about {method}.", "";
    ResultAligned = "result-aligned", Results Good:
        "{method} passed with {identity}, which belongs to the From address in {from}: DMARC is satisfied by it.", "";
    ResultUnaligned = "result-unaligned", Results Bad:
        "SPF or DKIM passed, but with a domain that does not belong to the From address in {from}. It proves nothing about the sender that people see.",
        "Use an envelope sender in {from}, or sign with d={from}.";
}
