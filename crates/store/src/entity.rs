//! The rows as the database has them: strings, integers, bytes. Nothing outside this crate sees one.

// The derives of sea-orm write `pub` items into these private modules.
#![expect(unreachable_pub, reason = "sea-orm's derives need public models")]

macro_rules! table {
    ($(#[$doc:meta])* $module:ident = $name:tt { $($(#[$attr:meta])* $field:ident: $type:ty,)+ }) => {
        $(#[$doc])*
        pub(crate) mod $module {
            use sea_orm::entity::prelude::*;

            #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
            #[sea_orm(table_name = $name)]
            pub struct Model {
                $($(#[$attr])* pub $field: $type,)+
            }

            #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
            pub enum Relation {}

            impl ActiveModelBehavior for ActiveModel {}
        }
    };
}

table!(channel = "channels" {
    #[sea_orm(primary_key)]
    id: i64,
    name: String,
    kind: String,
    enabled: bool,
    config: String,
    sealed: Option<Vec<u8>>,
    created_at: i64,
    updated_at: i64,
    last_success_at: Option<i64>,
    last_failure_at: Option<i64>,
    last_failure: Option<String>,
    fallback_id: Option<i64>,
    quiet: Option<String>,
    refused_as: Option<String>,
    refusals: i32,
    attention_at: Option<i64>,
    attention_reason: Option<String>,
    attention_said: Option<String>,
    attention_until: Option<i64>,
});

table!(contact = "contacts" {
    #[sea_orm(primary_key)]
    id: i64,
    name: String,
    created_at: i64,
    updated_at: i64,
});

table!(contact_channel = "contact_channels" {
    #[sea_orm(primary_key, auto_increment = false)]
    contact_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    channel_id: i64,
    position: i32,
});

table!(rotation = "rotations" {
    #[sea_orm(primary_key)]
    id: i64,
    name: String,
    config: String,
    feed: i64,
    created_at: i64,
    updated_at: i64,
});

table!(rotation_override = "rotation_overrides" {
    #[sea_orm(primary_key)]
    id: i64,
    rotation_id: i64,
    contact_id: i64,
    from_at: i64,
    to_at: i64,
    note: String,
    created_by: String,
    created_at: i64,
});

table!(monitor = "monitors" {
    #[sea_orm(primary_key)]
    id: i64,
    revision: i64,
    name: String,
    name_key: String,
    kind: String,
    enabled: bool,
    config: String,
    sealed: Option<Vec<u8>>,
    created_at: i64,
    updated_at: i64,
    policy_id: Option<i64>,
});

table!(monitor_parent = "monitor_parents" {
    #[sea_orm(primary_key, auto_increment = false)]
    monitor_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    parent_id: i64,
});

table!(policy = "policies" {
    #[sea_orm(primary_key)]
    id: i64,
    name: String,
    config: String,
    created_at: i64,
    updated_at: i64,
});

table!(monitor_state = "monitor_states" {
    #[sea_orm(primary_key, auto_increment = false)]
    monitor_id: i64,
    status: String,
    state: String,
    updated_at: i64,
});

table!(monitor_tag = "monitor_tags" {
    #[sea_orm(primary_key, auto_increment = false)]
    tag: String,
    #[sea_orm(primary_key, auto_increment = false)]
    monitor_id: i64,
});

table!(monitor_channel = "monitor_channels" {
    #[sea_orm(primary_key, auto_increment = false)]
    monitor_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    channel_id: i64,
});

table!(incident = "incidents" {
    #[sea_orm(primary_key)]
    id: i64,
    monitor_id: i64,
    label: String,
    since: i64,
    opened_at: i64,
    reason_kind: String,
    reason_detail: String,
    acknowledged_at: Option<i64>,
    acknowledged_by: Option<String>,
    resolved_at: Option<i64>,
    severity: Option<String>,
    /// Null: of the monitor.
    origin: Option<String>,
    kind: String,
});

table!(
    /// How far an incident has come in telling people. Incidents of before there were policies have none.
    escalation = "escalations" {
    #[sea_orm(primary_key, auto_increment = false)]
    incident_id: i64,
    monitor_id: i64,
    policy_id: Option<i64>,
    begun_at: Option<i64>,
    through_ms: Option<i64>,
    reminders: i32,
    told_at: Option<i64>,
    held_by: Option<String>,
    held_until: Option<i64>,
    taken_down_by: Option<i64>,
    snoozed_until: Option<i64>,
    snoozed_by: Option<String>,
    recovering_since: Option<i64>,
    recovering_until: Option<i64>,
    flapping_at: Option<i64>,
    next_at: Option<i64>,
});

table!(incident_event = "incident_events" {
    #[sea_orm(primary_key)]
    id: i64,
    incident_id: i64,
    at: i64,
    kind: String,
    detail: String,
});

table!(delivery = "deliveries" {
    #[sea_orm(primary_key, auto_increment = false)]
    id: Uuid,
    dedup_key: String,
    incident_id: i64,
    event: String,
    /// Of what happens more than once; otherwise 0.
    number: i32,
    event_at: i64,
    channel_id: i64,
    channel_name: String,
    recipient: String,
    state: String,
    waiting: bool,
    reason: Option<String>,
    message_id: String,
    created_at: i64,
    expires_at: i64,
    next_attempt_at: Option<i64>,
    attempts: i32,
    interruptions: i32,
    lease_token: Option<Uuid>,
    lease_until: Option<i64>,
    claimed_by: Option<Uuid>,
    finished_at: Option<i64>,
    digest_of: Option<Uuid>,
    fallback_of: Option<Uuid>,
    fallback_at: Option<i64>,
    requested_by: Option<String>,
    bounced_at: Option<i64>,
    bounce_status: Option<String>,
    bounce_text: Option<String>,
    letter_of: Option<Uuid>,
    follows: bool,
    held_until: Option<i64>,
    held_as: Option<String>,
    held_by: Option<String>,
    /// By which somebody on call was told.
    rotation_id: Option<i64>,
});

table!(window = "channel_windows" {
    #[sea_orm(primary_key, auto_increment = false)]
    channel_id: i64,
    down_ends_at: Option<i64>,
    down_collected: bool,
    up_ends_at: Option<i64>,
    up_collected: bool,
    minor_ends_at: Option<i64>,
    minor_collected: bool,
});

table!(attempt = "delivery_attempts" {
    #[sea_orm(primary_key)]
    id: i64,
    delivery_id: Uuid,
    number: i32,
    started_at: i64,
    duration_ms: i64,
    settings_revision: Option<i64>,
    remote: Option<String>,
    server: Option<String>,
    step: Option<String>,
    reply_code: Option<i32>,
    reply_text: Option<String>,
    verdict: String,
    profile_id: Option<i64>,
    profile_name: Option<String>,
    tls: Option<String>,
    enhanced_code: Option<String>,
});

table!(transcript = "delivery_transcripts" {
    #[sea_orm(primary_key, auto_increment = false)]
    attempt_id: i64,
    at: i64,
    body: String,
});

table!(recipient = "mail_recipients" {
    #[sea_orm(primary_key, auto_increment = false)]
    address_key: String,
    address: String,
    last_sent_at: Option<i64>,
    refused_first_at: Option<i64>,
    refused_last_at: Option<i64>,
    last_refusal: Option<String>,
    refusals: i32,
    bounced_at: Option<i64>,
    bounce_status: Option<String>,
    bounce_text: Option<String>,
    suspended_at: Option<i64>,
    suspended_why: Option<String>,
    updated_at: i64,
});

table!(journal = "sample_journal" {
    #[sea_orm(primary_key)]
    id: i64,
    base_hour: i64,
    last_hour: i64,
    body: Vec<u8>,
});

table!(block = "sample_blocks" {
    #[sea_orm(primary_key, auto_increment = false)]
    monitor_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    hour: i64,
    body: Vec<u8>,
});

table!(rollup = "sample_rollups" {
    #[sea_orm(primary_key, auto_increment = false)]
    monitor_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    span: i32,
    #[sea_orm(primary_key, auto_increment = false)]
    start: i64,
    up: i64,
    down: i64,
    unknown: i64,
    covered_ms: i64,
    detail: Vec<u8>,
    maintenance: i64,
    excluded_ms: i64,
});

table!(silence = "silences" {
    #[sea_orm(primary_key)]
    id: i64,
    matcher: String,
    author: String,
    reason: String,
    created_at: i64,
    starts_at: i64,
    ends_at: i64,
    ended_by: Option<String>,
});

table!(maintenance = "maintenances" {
    #[sea_orm(primary_key)]
    id: i64,
    config: String,
    author: String,
    created_at: i64,
    last_end: Option<i64>,
});

table!(maintenance_exception = "maintenance_exceptions" {
    #[sea_orm(primary_key, auto_increment = false)]
    maintenance_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    starts_at: i64,
    ends_at: i64,
    made_by: String,
    made_at: i64,
});

table!(setting = "settings" {
    #[sea_orm(primary_key, auto_increment = false)]
    scope: String,
    #[sea_orm(primary_key, auto_increment = false)]
    revision: i64,
    body: String,
    sealed: Option<Vec<u8>>,
    saved_at: i64,
    saved_by: String,
    /// Names, with commas between them; only of mail.
    changed: Option<String>,
});

table!(gap = "offline_gaps" {
    #[sea_orm(primary_key)]
    id: i64,
    zone: String,
    since: i64,
    until: Option<i64>,
});

table!(reference_answer = "reference_answers" {
    #[sea_orm(primary_key, auto_increment = false)]
    zone: String,
    #[sea_orm(primary_key, auto_increment = false)]
    reference: String,
    answered_at: i64,
});

table!(mail_status = "mail_status" {
    #[sea_orm(primary_key, auto_increment = false)]
    id: i32,
    success_at: Option<i64>,
    success_text: Option<String>,
    success_revision: Option<i64>,
    error_at: Option<i64>,
    error_text: Option<String>,
    error_step: Option<String>,
    breaker: Option<String>,
    breaker_revision: Option<i64>,
    canary_at: Option<i64>,
    canary_error: Option<String>,
    canary_tried_at: Option<i64>,
});

table!(mail_profile = "mail_profiles" {
    #[sea_orm(primary_key, auto_increment = false)]
    id: i64,
    position: i32,
    created_at: i64,
    deleted_at: Option<i64>,
});

table!(mail_optout = "mail_optouts" {
    #[sea_orm(primary_key, auto_increment = false)]
    channel_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    address_key: String,
    at: i64,
});

table!(mail_token = "mail_tokens" {
    #[sea_orm(primary_key, auto_increment = false)]
    profile_id: i64,
    binding: String,
    sealed: Vec<u8>,
    state: String,
    detail: Option<String>,
    expires_at: i64,
    connected_at: i64,
    refreshed_at: i64,
});

table!(installation = "installation" {
    #[sea_orm(primary_key, auto_increment = false)]
    key: String,
    value: Vec<u8>,
});

table!(user = "users" {
    #[sea_orm(primary_key)]
    id: i64,
    email: String,
    email_key: String,
    password_hash: String,
    founder: Option<i32>,
    created_at: i64,
});

table!(session = "sessions" {
    #[sea_orm(primary_key, auto_increment = false)]
    token_hash: Vec<u8>,
    user_id: i64,
    csrf: String,
    remember: bool,
    created_at: i64,
    last_seen_at: i64,
});

table!(api_token = "api_tokens" {
    #[sea_orm(primary_key)]
    id: i64,
    user_id: i64,
    name: String,
    scope: String,
    token_hash: Vec<u8>,
    created_at: i64,
    expires_at: Option<i64>,
    last_used_at: Option<i64>,
});

table!(throttle = "login_throttle" {
    #[sea_orm(primary_key, auto_increment = false)]
    key: String,
    failures: i32,
    first_at: i64,
    last_at: i64,
});
