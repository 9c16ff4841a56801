// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/drbl/names.hpp>
#include <xenlab/drbl/server.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace xenlab::drbl {
namespace {

std::vector<std::string_view> words_of(std::string_view line)
{
    std::vector<std::string_view> words;
    for (const std::string_view word : text::split(line, ' '))
        if (!text::trim(word).empty())
            words.push_back(text::trim(word));
    return words;
}

std::optional<std::uint64_t> number(const std::vector<Record>& records, std::string_view key)
{
    const auto text = find_record(records, key);
    return text ? text::parse_u64(text::trim(*text)) : std::nullopt;
}

/// "HOST IP MAC" lines of parse_dhcpd_conf; what is no address is left out, as DRBL would fail on
/// it, too.
void add_hosts(std::vector<Client>& list, std::string_view table)
{
    for (const std::string_view line : text::split(table, '\n')) {
        const auto words = words_of(line);
        if (words.size() < 2 || words[0].starts_with('#') || !parse_ipv4(words[1]))
            continue;
        const auto mac = words.size() > 2 ? parse_mac(words[2]) : std::nullopt;
        list.push_back({is_host_name(words[0]) ? std::string(words[0]) : std::string(),
                        std::string(words[1]), mac.value_or("")});
    }
}

void add_addresses(std::vector<Client>& list, std::string_view addresses)
{
    std::set<std::string_view> known;
    for (const Client& client : list)
        known.insert(client.ip);
    std::vector<Client> more;
    for (const std::string_view line : text::split(addresses, '\n')) {
        const std::string_view ip = text::trim(line);
        if (parse_ipv4(ip) && known.insert(ip).second)
            more.push_back({"", std::string(ip), ""});
    }
    list.insert(list.end(), more.begin(), more.end());
}

} // namespace

ServerFacts read_facts(const std::vector<Record>& records)
{
    if (find_record(records, "drbl") != "yes")
        throw Error(Errc::precondition, "that machine is no DRBL server: it has no drbl-ocs",
                    "install the packages drbl and clonezilla there and run drblsrv and drblpush");
    ServerFacts facts;
    facts.root = find_record(records, "root") == "yes";
    facts.time = static_cast<std::int64_t>(
        std::min<std::uint64_t>(number(records, "time").value_or(0), INT64_MAX));
    facts.image_root = find_record(records, "ocsroot").value_or("");
    facts.image_space = number(records, "ocsroot.size");
    facts.image_free = number(records, "ocsroot.free");
    return facts;
}

Clients read_clients(const std::vector<Record>& records)
{
    Clients clients;
    add_hosts(clients.list, find_record(records, "clients.hosts").value_or(""));
    add_addresses(clients.list, find_record(records, "clients.addresses").value_or(""));
    std::stable_sort(clients.list.begin(), clients.list.end(), [](const auto& a, const auto& b) {
        return *parse_ipv4(a.ip) < *parse_ipv4(b.ip);
    });
    for (std::size_t i = 0; i + 1 < records.size(); ++i) {
        if (records[i].key != "group" || records[i + 1].key != "group.members" ||
            !is_group_name(records[i].text))
            continue;
        Group group{records[i].text, {}};
        for (const std::string_view line : text::split(records[i + 1].text, '\n'))
            for (const std::string_view word : words_of(line))
                group.members.emplace_back(word);
        clients.groups.push_back(std::move(group));
    }
    return clients;
}

std::set<unsigned> read_ports(std::string_view text)
{
    std::set<unsigned> ports;
    for (const std::string_view word : words_of(text))
        if (const auto port = text::parse_u64(word); port && *port <= 65535)
            ports.insert(static_cast<unsigned>(*port));
    return ports;
}

std::optional<bool> has_program(const std::vector<Record>& records, std::string_view name)
{
    for (const Record& record : records)
        if (record.key == "program" && record.text.starts_with(name) &&
            record.text.size() > name.size() && record.text[name.size()] == ' ')
            return record.text.ends_with(" yes");
    return std::nullopt;
}

namespace {

using Verdict = Finding::Verdict;

/// Looks at one thing after the other.
class Doctor {
  public:
    explicit Doctor(const std::vector<Record>& records) : records_(records) {}

    std::vector<Finding> findings()
    {
        const ServerFacts facts = read_facts(records_);
        say(facts.root ? Verdict::ok : Verdict::bad, "root",
            facts.root ? "we are root there" : "neither root nor sudo -n");
        space(facts);
        services();
        programs();
        clients();
        const auto forwarding = find_record(records_, "ip_forward");
        const bool forwards = forwarding && text::trim(*forwarding) == "1";
        say(forwards ? Verdict::ok : Verdict::warning, "ip_forward",
            forwards ? "on" : "off: clients and forwards do not get through");
        lock();
        return std::move(found_);
    }

  private:
    void say(Verdict verdict, std::string_view subject, std::string words)
    {
        found_.push_back({verdict, std::string(subject), std::move(words)});
    }

    void space(const ServerFacts& facts)
    {
        if (!facts.image_free || !facts.image_space) {
            say(Verdict::bad, "images",
                fmt::format("{} is not there", text::printable(facts.image_root)));
            return;
        }
        const bool tight =
            *facts.image_free < 10ULL << 30U || *facts.image_free < *facts.image_space / 20;
        say(tight ? Verdict::warning : Verdict::ok, "images",
            fmt::format("{} free of {} in {}", text::human_size(*facts.image_free),
                        text::human_size(*facts.image_space), text::printable(facts.image_root)));
        const auto log = number(records_, "log.free");
        if (log && *log < 64ULL << 20U)
            say(Verdict::warning, "logs",
                fmt::format("{} free in /var/log", text::human_size(*log)));
    }

    void services()
    {
        const auto tcp = read_ports(find_record(records_, "listening.tcp").value_or(""));
        const auto udp = read_ports(find_record(records_, "listening.udp").value_or(""));
        say(udp.count(67) > 0 ? Verdict::ok : Verdict::bad, "dhcp",
            udp.count(67) > 0 ? "udp/67 is served" : "nobody listens on udp/67");
        say(udp.count(69) > 0 ? Verdict::ok : Verdict::bad, "tftp",
            udp.count(69) > 0 ? "udp/69 is served" : "nobody listens on udp/69");
        say(tcp.count(2049) > 0 ? Verdict::ok : Verdict::bad, "nfs",
            tcp.count(2049) > 0 ? "tcp/2049 is served" : "nobody listens on tcp/2049");
    }

    void programs()
    {
        std::vector<std::string> missing, optional;
        for (const Record& record : records_) {
            if (record.key != "program" || !record.text.ends_with(" no"))
                continue;
            const std::string name = text::printable(record.text.substr(0, record.text.size() - 3));
            const bool needed = name == "udp-sender" || name == "partclone.restore" ||
                                name == "ocs-chkimg" || name == "flock" || name == "setsid" ||
                                name == "gzip" || name == "iptables";
            (needed ? missing : optional).push_back(name);
        }
        say(missing.empty() ? Verdict::ok : Verdict::bad, "programs",
            missing.empty() ? "all that jobs need"
                            : fmt::format("missing: {}", fmt::join(missing, ", ")));
        if (!optional.empty())
            say(Verdict::warning, "compression",
                fmt::format("not there, gzip would be used instead: {}",
                            fmt::join(optional, ", ")));
    }

    void clients()
    {
        const Clients known = read_clients(records_);
        say(known.list.empty() ? Verdict::bad : Verdict::ok, "clients",
            known.list.empty() ? "dhcpd.conf has none"
                               : fmt::format("{} in dhcpd.conf", known.list.size()));
        if (number(records_, "ranges").value_or(0) > 0)
            say(Verdict::warning, "dhcp ranges",
                "dhcpd.conf has a range: machines without a host block may get the job, too");
    }

    /// The ports that a job opens must be free while there is none.
    void ports(bool locked, const std::set<unsigned>& tcp)
    {
        const auto udp = read_ports(find_record(records_, "listening.udp").value_or(""));
        if (!locked && tcp.count(6461) > 0)
            say(Verdict::bad, "ports",
                "tcp/6461 is taken although there is no job: clients could not report");
        else if (!locked && udp.count(2232) > 0)
            say(Verdict::bad, "ports",
                "udp/2232 is taken although there is no job: a multicast could not begin");
        else
            say(Verdict::ok, "ports",
                locked ? "used by the job" : "tcp/6461 and udp/2232 are free");
    }

    void lock()
    {
        const bool locked = find_record(records_, "job.lock").has_value();
        const auto tcp = read_ports(find_record(records_, "listening.tcp").value_or(""));
        ports(locked, tcp);
        if (locked && tcp.count(6461) == 0)
            say(Verdict::warning, "job",
                "the lock is there but ocsmgrd is not: a job was cut short, drbl-deploy stop "
                "cleans up");
        else
            say(Verdict::ok, "job", locked ? "one is set up" : "none");
    }

    const std::vector<Record>& records_;
    std::vector<Finding> found_;
};

} // namespace

std::vector<Finding> examine(const std::vector<Record>& records)
{
    return Doctor(records).findings();
}

} // namespace xenlab::drbl
