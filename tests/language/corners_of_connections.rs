//! Section 8, the corners of logins and connections: 24 to 26, 29 and 30.

use crate::hear::assert_lines;
use crate::hear::hear;
use crate::hear::hear_source;
use crate::hear::wire;
use crate::support::capture::captured;
use crate::support::capture::memory;
use crate::support::dialogues;
use crate::support::talk::talk;
use crate::support::wire::Net;
use crate::support::wire::Packet;
use crate::support::wire::Talk;

#[test]
fn corner_24_version_mismatch() {
    // An unknown version gets no answer.
    assert_lines(&hear("C: < NTP/1.3 >\\n\n").lines(), "C version protocol=NTP; version=1.3");
    for (version, protocol, number) in [("OTP/2.0beta1", "OTP", "2.0beta1"), ("OTP/2.1beta1", "OTP", "2.1beta1"), ("OTP/1.1", "OTP", "1.1")]
    {
        let heard = hear(&format!("C: < {version} >\\n\nS: < {version} >\\n\n"));
        assert_lines(
            &heard.lines(),
            &format!("C version protocol={protocol}; version={number}\nS version protocol={protocol}; version={number}"),
        );
        assert_eq!(heard.sessions[0].0, "nessus_otp");
    }
}

#[test]
fn corner_25_client_talks_before_login_finished() {
    let heard = hear(
        r"C: < NTP/1.2 >\nanna\nzQ7x-Jw9vKqZ-XkW4\nCLIENT <|> PREFERENCES <|>\n<|> CLIENT\nCLIENT <|> NESSUS_VERSION  <|> CLIENT\n
        S: < NTP/1.2 >\nUser : Password : SERVER <|> PLUGIN_LIST <|>\n<|> SERVER\nSERVER <|> PREFERENCES_ERRORS <|>\n<|> SERVER\n
        S: SERVER <|> NESSUS_VERSION <|> 2.2.5 <|> SERVER\n",
    );
    assert_lines(
        &heard.lines(),
        r"C version protocol=NTP; version=1.2
        C user user=anna
        C password password=***17
        C preferences
        C block_end
        C nessus_version
        S version protocol=NTP; version=1.2
        S user_prompt
        S password_prompt
        S plugin_list
        S block_end
        S preferences_errors
        S block_end
        S nessus_version version=2.2.5",
    );
    assert_eq!(heard.logins, [("anna".to_owned(), true, 1, 0, 1)]);
    // A password that looks like an order is a password.
    let heard = hear("C: < NTP/1.2 >\\nCLIENT <|> BYE <|> ACK\\nCLIENT <|> zQ7x-Jw9vKqZ-XkW4 <|> CLIENT\\n\n");
    assert_lines(&heard.lines()[1..], "C user user=CLIENT <|> BYE <|> ACK\nC password password=***39");
}

#[test]
fn corner_26_over_long_user_name() {
    let user = "u".repeat(253);
    let heard = hear(&format!(
        "C: < NTP/1.2 >\\n\nS: < NTP/1.2 >\\nUser :\\x20\nC: {user}XzQ7x-Jw9vKqZ-XkW4\\n\nS: Password :\\x20\nS: Bad login attempt !\\n\n"
    ));
    assert_lines(&heard.lines()[3..], &format!("C user user={user}; password=***18\nS password_prompt\nS login_failed"));
    assert_eq!(heard.logins, [(user, false, 1, 1, 1)]);
}

#[test]
fn corner_29_usual_tcp_problems() {
    let steps = talk(dialogues::FULL);
    let whole = hear_source(wire(&steps, &[1460]));
    let talking = Talk::whole([u32::MAX - 40, 3_000_000_000], &steps, &[7, 40]);
    let (opening, rest) = talking.packets.split_at(3);
    // Three by three in reverse, then again, and neighbours again as one segment that overlaps.
    let mut packets = opening.to_vec();
    for group in rest.chunks(3) {
        packets.extend(group.iter().rev().cloned());
        packets.extend(group.iter().cloned());
        if let [first, second, ..] = group
            && first.from == second.from
        {
            packets.push(Packet { payload: [&first.payload[..], &second.payload].concat(), ..first.clone() });
        }
    }
    let heard = hear_source(memory(&captured(Net::v4(1241).frames(&packets), 10)));
    heard.assert_tiled();
    let lines = |side: &str| {
        let of = |lines: Vec<String>| lines.into_iter().filter(|line| line.starts_with(side)).collect::<Vec<_>>();
        (of(whole.lines()), of(heard.lines()))
    };
    for side in ["C", "S"] {
        let (want, found) = lines(side);
        assert_eq!(want, found);
    }
}

#[test]
fn corner_30_not_this_protocol() {
    for other in [
        r"C: \x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x01",
        r"C: GET / HTTP/1.0\r\n\r\n",
        r"C: \x80\x2e\x01\x00\x02",
        r"C: <NTP/1.2>\n",
        r"C: < ntp/1.2 >\n",
        r"C: \n",
    ] {
        let heard = hear_source(wire(&talk(&format!("{other}\n{}", r"S: \x15\x03\x01\x00\x02\x02\x28")), &[1460]));
        let ours = heard.sessions.iter().any(|(protocol, ..)| protocol.starts_with("nessus"));
        assert!(!ours, "{other}: {:?}", heard.lines());
    }
}
