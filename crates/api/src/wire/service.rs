//! What a service wants to know, as the catalogue of the domain has it.

use std::borrow::Cow;

use domain::channel::{Need, Service, ServiceChannel, ServiceField, Shape, catalogue::SERVICES};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr, SchemaFormat,
        schema::{AdditionalProperties, AnyOfBuilder, Schema, SchemaType, Type},
    },
};

/// The `config` of a channel of a service. Each service has its own fields.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct ServiceConfigDraft(pub Map<String, Value>);

/// The `config` of a channel of a service as it is read: `"<field>_set"` for each secret.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub struct ServiceConfigView(Map<String, Value>);

impl From<&ServiceChannel> for ServiceConfigView {
    fn from(channel: &ServiceChannel) -> Self {
        let text = |value: Option<&str>| value.map_or(Value::Null, Value::from);
        let mut all = Map::new();
        for field in channel.service().fields {
            if field.secret {
                all.insert(set(field), channel.is_set(field.name).into());
            } else {
                all.insert(field.name.to_owned(), text(channel.get(field.name)));
            }
        }
        let language = channel.language.map(domain::language::Language::as_str);
        all.insert("language".to_owned(), text(language));
        all.insert(
            "timezone".to_owned(),
            text(channel.timezone.map(domain::zone::Tz::name)),
        );
        Self(all)
    }
}

fn set(field: &ServiceField) -> String {
    format!("{}_set", field.name)
}

impl ToSchema for ServiceConfigDraft {
    fn name() -> Cow<'static, str> {
        "ServiceConfigDraft".into()
    }
}

impl PartialSchema for ServiceConfigDraft {
    fn schema() -> RefOr<Schema> {
        any_of(|service| {
            let words = "A field that is left out of a PATCH keeps its value; an empty text takes an optional one away. Secrets \
                 are write-only and kept only while scheme, host and port of `server` stay the same.";
            let object = service
                .fields
                .iter()
                .fold(object(service, words), |object, field| {
                    let object = object.property(field.name, property(field));
                    if field.need == Need::Required {
                        object.required(field.name)
                    } else {
                        object
                    }
                });
            object
                .property("language", nullable("Of its messages: `en` or `zh-CN`."))
                .property(
                    "timezone",
                    nullable("Of the times in its messages, by its IANA name."),
                )
        })
    }
}

impl ToSchema for ServiceConfigView {
    fn name() -> Cow<'static, str> {
        "ServiceConfigView".into()
    }
}

impl PartialSchema for ServiceConfigView {
    fn schema() -> RefOr<Schema> {
        any_of(|service| {
            let words = "Secrets are not shown.";
            let object = service
                .fields
                .iter()
                .fold(object(service, words), |object, field| {
                    if field.secret {
                        let name = set(field);
                        let flag = ObjectBuilder::new().schema_type(Type::Boolean);
                        object.property(name.clone(), flag).required(name)
                    } else {
                        object
                            .property(field.name, nullable("As it counts."))
                            .required(field.name)
                    }
                });
            object
                .property("language", nullable("Of its messages."))
                .property("timezone", nullable("Of the times in its messages."))
        })
    }
}

fn any_of(schema: impl Fn(&Service) -> ObjectBuilder) -> RefOr<Schema> {
    let all = SERVICES
        .iter()
        .fold(AnyOfBuilder::new(), |all, service| all.item(schema(service)));
    RefOr::T(Schema::AnyOf(all.build()))
}

fn object(service: &Service, words: &str) -> ObjectBuilder {
    let kind = service.kind;
    ObjectBuilder::new()
        .title(Some(kind.as_str()))
        .description(Some(format!("`kind` {kind}, see <{}>. {words}", service.docs)))
        .additional_properties(Some(AdditionalProperties::FreeForm(false)))
}

fn property(field: &ServiceField) -> ObjectBuilder {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let text = match field.shape {
        Shape::Line(most) => text.max_length(Some(most)),
        Shape::Url => text.format(Some(SchemaFormat::Custom("uri".to_owned()))),
        Shape::Choice(known) => text.enum_values(Some(known.iter().copied())),
    };
    let text = if field.secret { text.write_only(true) } else { text };
    match field.need {
        Need::Default(value) => text.default(Some(value.into())),
        Need::Required | Need::Optional => text,
    }
}

fn nullable(words: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .description(Some(words))
}
