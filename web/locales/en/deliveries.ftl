# Deliveries.

deliveries-about = Every message with every attempt. “Sent” means that the other side gave its final yes.
deliveries-any-state = Any state
deliveries-any-channel = Any channel
deliveries-filter = Filter
deliveries-all = Show all
deliveries-recipient = Recipient, or a part of it
deliveries-more-filters = More filters
deliveries-any = Any
deliveries-profile = Mail profile
deliveries-from = Planned from
deliveries-to = Planned until
deliveries-csv = Download as CSV
deliveries-unreadable = Something in this filter cannot be read, so nothing was looked for.
deliveries-none = Nothing was sent yet
deliveries-none-detail = Messages appear here when a monitor goes down or comes back. To try a channel now, send a test from its page.
deliveries-no-match = No delivery matches
deliveries-no-match-detail = Choose another filter, or show all.
column-message = Message
column-channel = Channel
column-planned = Planned
column-attempts = Attempts
delivery-waiting = Waits for settings
delivery-title = Delivery
delivery-resend = Send again
delivery-accepted = Accepted by { $server }.
delivery-accepted-as = Accepted by { $server } as { $reference }.
delivery-next = Next attempt:
delivery-attempts = Attempts
delivery-no-attempts = No attempt yet.
delivery-attempt = Attempt { $n }
delivery-facts = Facts
delivery-recipient = Recipient
delivery-incident = About
delivery-finished = Finished
delivery-expires = Tried until
delivery-id = Id
delivery-requested = Sent again by
delivery-requested-by = Sent again by { $by }
delivery-came-back = Came back: { $status }
attempt-accepted = Accepted
attempt-deferred = Not now
attempt-waiting = Waits for settings
attempt-refused = Refused
attempt-server = Server
attempt-step = Reached
attempt-reference = Taken as
attempt-reply = Reply
attempt-revision = revision { $n }
attempt-code = Enhanced code

recipients-title = Recipients
recipients-about = Every mail address that was written to, and what its servers said. An address that is refused for good on two different days, or whose mail comes back as undeliverable, gets nothing more until you enable it.
recipients-none = Nothing is known of any address yet
recipients-none-detail = Addresses appear here as soon as a server has accepted or refused a mail to them.
recipients-no-match = No recipient matches
recipients-suspended = { $n ->
    [one] One recipient is suspended and gets no mail.
   *[other] { $n } recipients are suspended and get no mail.
}
recipients-suspended-show = Show
recipient-suspended = Suspended
recipient-refused = Refused
recipient-works = Accepted
recipient-returned = Came back
recipient-came-back = Came back
recipient-why-refused = refused for good on two different days
recipient-why-bounced = a mail came back as undeliverable
recipient-enable = Enable again
recipient-times = { $n } times since the last accepted mail
column-last-accepted = Last accepted
column-last-refused = Last refused

flash-recipient-enabled = { $name } gets mail again, from the next message on. What was cancelled is not sent by itself.
flash-recipient-not-suspended = This address is not suspended (any more).
flash-delivery-resent = Planned again under an id of its own. This is the new delivery.
flash-delivery-channel-gone = This cannot be sent again: its channel was deleted.
