//! The records that make receivers believe the channel's letters: SPF, DKIM, DMARC.

use std::net::IpAddr;

use super::{Email, Transport};
use crate::channel::{DnsPlan, DnsRecord, Finding};
use crate::text;
use crate::text::Text;

pub(super) fn plan(email: &Email) -> DnsPlan {
    let mut plan = DnsPlan::default();
    let manner = email.letter.manner();
    let domain = manner.domain();
    let envelope = manner.bounces.as_ref().map_or(domain, |bounces| bounces.domain());
    plan.records.push(DnsRecord {
        name: envelope.to_owned(),
        value: format!("v=spf1 {}mx ~all", server(&email.transport)),
        about: text!(
            "SPF: máy chủ nào được gửi thư của tên miền. Một tên miền chỉ có một bản ghi SPF: đã có thì ghép vào bản ghi cũ",
            "SPF: the servers that may send for the domain. A domain has one SPF record only: merge it with the one there"
        ),
    });
    let signers = email.dkim.iter().flat_map(|dkim| dkim.signers.iter().map(move |signer| (dkim, signer)));
    for (dkim, signer) in signers {
        let (kind, bits, selector) = (signer.key.name(), signer.key.bits(), &signer.selector);
        plan.records.push(DnsRecord {
            name: format!("{selector}._domainkey.{}", dkim.domain),
            value: format!("v=DKIM1; k={kind}; p={}", signer.key.published()),
            about: text!(
                "DKIM: khóa công khai của chữ ký {selector}",
                "DKIM: the public key of the signature {selector}"
            ),
        });
        plan.findings.push(if signer.key.is_a_pair() {
            good(text!(
                "khóa {selector} ({kind}, {bits} bit): ký thử và kiểm tra chữ ký được",
                "the key {selector} ({kind}, {bits} bits): what it signs is verified"
            ))
        } else {
            bad(text!("khóa {selector} ({kind}) không ký được", "the key {selector} ({kind}) does not sign"))
        });
    }
    plan.findings.extend(email.missing.iter().cloned().map(bad));
    if email.dkim.is_none() {
        plan.findings.push(bad(text!(
            "kênh chưa có [settings.dkim]: nếu máy chủ thư không tự ký thì người nhận lớn (Gmail, Outlook) sẽ từ chối. Tạo \
             khóa: loa email dns KÊNH --new-key TỆP",
            "the channel has no [settings.dkim]: unless the mail server signs, large receivers (Gmail, Outlook) will refuse. \
             Make a key: loa email dns CHANNEL --new-key FILE"
        )));
    }
    plan.records.push(DnsRecord {
        name: format!("_dmarc.{domain}"),
        value: format!("v=DMARC1; p=none; rua=mailto:{}", manner.answers()),
        about: text!(
            "DMARC: người nhận làm gì với thư giả danh. Khi các báo cáo về đều tốt, đổi p=none thành p=quarantine",
            "DMARC: what receivers do with forged letters. Once the reports are good, turn p=none into p=quarantine"
        ),
    });
    plan
}

/// The mail server as SPF names it. One on this machine or in the office's network is not seen by receivers.
fn server(transport: &Transport) -> String {
    let Transport::Smtp(server) = transport else { return String::new() };
    let name = server.name();
    let host = name.rsplit_once(':').map_or(name.as_str(), |(host, _)| host);
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) if !address.is_loopback() && !address.is_private() => format!("ip4:{address} "),
        Err(_) if host.contains('.') => format!("a:{host} "),
        _ => String::new(),
    }
}

fn good(text: Text) -> Finding {
    Finding { good: true, text }
}

fn bad(text: Text) -> Finding {
    Finding { good: false, text }
}
