//! Texts of messages by language and key, from `web/locales/<language>/emails.ftl`.

use std::{borrow::Cow, sync::LazyLock};

use fluent::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

/// A language that messages are written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Language {
    #[default]
    English,
    SimplifiedChinese,
}

type Bundle = FluentBundle<FluentResource>;

static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::English));
static SIMPLIFIED_CHINESE: LazyLock<Bundle> = LazyLock::new(|| bundle(Language::SimplifiedChinese));

impl Language {
    pub const ALL: [Self; 2] = [Self::English, Self::SimplifiedChinese];

    /// The BCP 47 tag, as settings and HTML write it.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::SimplifiedChinese => "zh-CN",
        }
    }

    /// The language of a tag such as `zh-CN` or `zh-Hans`; English for what we do not have.
    pub fn of(tag: &str) -> Self {
        let language = tag.split(['-', '_']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("zh") {
            Self::SimplifiedChinese
        } else {
            Self::English
        }
    }

    /// The text of a key. A key that this language lacks is given in English.
    pub fn text(self, key: &str) -> String {
        self.text_with(key, &[])
    }

    pub(crate) fn text_with(self, key: &str, values: &[(&'static str, FluentValue<'_>)]) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            arguments.set(*name, value.clone());
        }
        self.format(key, &arguments)
            .or_else(|| Self::English.format(key, &arguments))
            .unwrap_or_else(|| key.to_owned())
    }

    fn format(self, key: &str, arguments: &FluentArgs<'_>) -> Option<String> {
        let bundle = match self {
            Self::English => &*ENGLISH,
            Self::SimplifiedChinese => &*SIMPLIFIED_CHINESE,
        };
        let pattern = bundle.get_message(key)?.value()?;
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(arguments), &mut errors);
        Some(Cow::into_owned(text))
    }

    const fn source(self) -> &'static str {
        match self {
            Self::English => include_str!("../../../../web/locales/en/emails.ftl"),
            Self::SimplifiedChinese => include_str!("../../../../web/locales/zh-CN/emails.ftl"),
        }
    }
}

fn bundle(language: Language) -> Bundle {
    // A text that does not parse is left out and found by the test below; the others stay usable.
    let resource =
        FluentResource::try_new(language.source().to_owned()).unwrap_or_else(|(resource, _)| resource);
    let tag: LanguageIdentifier = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![tag]);
    // Isolating marks would travel into subjects and break copying of addresses.
    bundle.set_use_isolating(false);
    bundle.add_resource_overriding(resource);
    bundle
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys(language: Language) -> BTreeSet<&'static str> {
        let named = |line: &'static str| {
            let (key, _) = line.split_once(" =")?;
            key.starts_with(|c: char| c.is_ascii_lowercase()).then_some(key)
        };
        language.source().lines().filter_map(named).collect()
    }

    #[test]
    fn every_file_parses_and_has_the_same_keys() {
        for language in Language::ALL {
            assert!(
                FluentResource::try_new(language.source().to_owned()).is_ok(),
                "{language:?}"
            );
            assert_eq!(keys(language), keys(Language::English), "{language:?}");
        }
        assert!(keys(Language::English).len() > 100);
    }

    #[test]
    fn plurals_follow_the_language() {
        let minutes = |language: Language, n: u64| language.text_with("duration-minutes", &[("n", n.into())]);
        assert_eq!(minutes(Language::English, 1), "1 minute");
        assert_eq!(minutes(Language::English, 2), "2 minutes");
        assert_eq!(minutes(Language::SimplifiedChinese, 2), "2 分钟");
    }

    #[test]
    fn an_unknown_key_is_visible_and_harmless() {
        assert_eq!(Language::English.text("no-such-key"), "no-such-key");
    }

    #[test]
    fn tags_find_their_language() {
        assert_eq!(Language::of("zh-Hans-CN"), Language::SimplifiedChinese);
        assert_eq!(Language::of("zh_CN"), Language::SimplifiedChinese);
        assert_eq!(Language::of("de"), Language::English);
        assert_eq!(Language::of(""), Language::English);
    }
}
