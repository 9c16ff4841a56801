// SPDX-License-Identifier: GPL-3.0-or-later
#include <xenlab/base/error.hpp>
#include <xenlab/base/text.hpp>
#include <xenlab/xmlrpc/slicer.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace xenlab::xmlrpc {
namespace {

constexpr std::size_t max_depth = 200; // elements; tinyxml2 has its own limit inside a record
constexpr std::size_t max_tag = 4096;  // no tag of XML-RPC has attributes worth more
constexpr std::size_t max_name = 1024; // of a struct member on the way to a record
constexpr std::size_t slice_level = 2; // nested <value>s below the root value

[[noreturn]] void fail(const std::string& words)
{
    throw Error(Errc::bad_data, "not XML-RPC: " + words);
}

} // namespace

// A tokenizer for tags only: it tracks which elements are open, copies the text of a record from
// its opening to its closing tag, and leaves all real parsing to decode_value.
class Slicer::Impl {
  public:
    Impl(Callback callback, std::size_t max_record)
        : callback_(std::move(callback)), max_record_(max_record)
    {
    }

    void feed(std::string_view text)
    {
        while (!text.empty())
            text.remove_prefix(in_tag_ ? feed_tag(text) : feed_text(text));
    }

    void finish() const
    {
        if (in_tag_ || !open_.empty() || !seen_root_)
            fail("the document ends too early");
    }

  private:
    std::size_t feed_text(std::string_view text);
    std::size_t feed_tag(std::string_view text);
    void special_complete(std::string_view tag);
    void tag_complete(std::string_view tag);
    void open_element(std::string_view name);
    void close_element(std::string_view name);
    void keep(std::string_view raw);
    void keep_name(std::string_view raw);
    [[nodiscard]] std::string decoded_name() const;
    void hand_out();

    Callback callback_;
    std::size_t max_record_;

    std::vector<std::string> open_; ///< names of the open elements
    std::size_t values_open_ = 0;   ///< how many of them are <value>; 1 inside the root value
    bool seen_root_ = false;
    std::string tag_; ///< the tag being read, from its "<" on
    bool in_tag_ = false;

    std::string record_;      ///< raw text of the value being kept
    std::size_t keeping_ = 0; ///< depth of open_ at which that value closes; 0: none
    bool in_name_ = false;    ///< inside a member name on the way to a record
    std::string name_text_;   ///< its raw text
    std::array<std::string, slice_level> names_; ///< decoded: of the first and of the second level
};

/// Copies raw text (tags too) into the record being kept, if any.
void Slicer::Impl::keep(std::string_view raw)
{
    if (keeping_ == 0)
        return;
    if (record_.size() + raw.size() > max_record_)
        fail(fmt::format("a record of more than {} bytes", max_record_));
    record_ += raw;
}

void Slicer::Impl::keep_name(std::string_view raw)
{
    if (name_text_.size() + raw.size() > max_name)
        fail("a member name that is too long");
    name_text_ += raw;
}

namespace {

/// An attribute value may hold '>'.
bool in_quotes(std::string_view tag)
{
    char open = '\0';
    for (const char c : tag)
        if (open == '\0' ? c == '"' || c == '\'' : c == open)
            open = open == '\0' ? c : '\0';
    return open != '\0';
}

/// A comment, CDATA, an instruction or a declaration.
bool is_special(std::string_view tag)
{
    return tag.size() > 1 && (tag[1] == '!' || tag[1] == '?');
}

/// Comments and CDATA may hold '>', so their ends are looked for explicitly.
bool is_complete(std::string_view tag)
{
    if (!is_special(tag))
        return tag.ends_with('>') && !in_quotes(tag);
    if (tag.starts_with("<!--"))
        return tag.size() >= 7 && tag.ends_with("-->");
    if (tag.starts_with("<![CDATA["))
        return tag.ends_with("]]>");
    if (tag.starts_with("<?"))
        return tag.size() >= 4 && tag.ends_with("?>");
    return tag.ends_with('>'); // a declaration, which is refused
}

} // namespace

std::size_t Slicer::Impl::feed_text(std::string_view text)
{
    const std::size_t end = std::min(text.find('<'), text.size());
    const std::string_view part = text.substr(0, end);
    if (open_.empty() && part.find_first_not_of(" \t\r\n\xEF\xBB\xBF") != std::string_view::npos)
        fail(fmt::format("text {} outside of the document", text::quoted(part, 20)));
    keep(part);
    if (in_name_)
        keep_name(part);
    if (end == text.size())
        return end;
    // Most tags are in one piece of text and need not be copied.
    if (const std::size_t close = text.find('>', end); close != std::string_view::npos) {
        const std::string_view tag = text.substr(end, close + 1 - end);
        if (tag.size() <= max_tag && is_complete(tag)) {
            tag_complete(tag);
            return close + 1;
        }
    }
    in_tag_ = true;
    tag_ = "<";
    return end + 1;
}

std::size_t Slicer::Impl::feed_tag(std::string_view text)
{
    const std::size_t end = std::min(text.find('>'), text.size() - 1) + 1;
    tag_ += text.substr(0, end);
    const bool cdata = tag_.starts_with("<![CDATA[");
    if (tag_.size() > (cdata ? max_record_ : max_tag))
        fail("a tag that is too long");
    if (tag_.back() == '>' && is_complete(tag_)) {
        in_tag_ = false;
        tag_complete(tag_);
    }
    return end;
}

void Slicer::Impl::special_complete(std::string_view tag)
{
    if (tag.starts_with("<!--") || tag.starts_with("<?"))
        return; // neither matters inside a record
    if (!tag.starts_with("<![CDATA["))
        fail("a document type declaration");
    keep(tag);
    if (in_name_)
        keep_name(tag);
}

void Slicer::Impl::tag_complete(std::string_view tag)
{
    if (is_special(tag)) {
        special_complete(tag);
        return;
    }
    const bool closing = tag[1] == '/';
    const std::size_t begin = closing ? 2 : 1;
    const std::string_view name = tag.substr(begin, tag.find_first_of(" \t\r\n/>", begin) - begin);
    if (name.empty())
        fail("a tag without a name");
    if (!closing)
        open_element(name);
    keep(tag);
    if (closing || tag.ends_with("/>"))
        close_element(name);
}

void Slicer::Impl::open_element(std::string_view name)
{
    if (open_.empty() && seen_root_)
        fail("more than one document");
    if (open_.size() >= max_depth)
        fail("nested too deeply");
    if (in_name_)
        fail("an element inside <name>");
    seen_root_ = true;
    open_.emplace_back(name);
    if (name == "name" && values_open_ >= 1 && values_open_ <= slice_level) {
        in_name_ = true;
        name_text_.clear();
    }
    if (name != "value")
        return;
    ++values_open_;
    const std::size_t level = values_open_ - 1;
    if (level == 1)
        names_[1].clear();
    // A first-level value is kept until a second-level one inside shows that it is a container.
    if (level == 1 || level == slice_level) {
        record_.clear();
        keeping_ = open_.size();
    }
}

std::string Slicer::Impl::decoded_name() const
{
    if (name_text_.find_first_of("&<\r") == std::string::npos)
        return name_text_;
    return decode_value(fmt::format("<value>{}</value>", name_text_)).as_scalar().value_or("");
}

void Slicer::Impl::close_element(std::string_view name)
{
    if (open_.empty() || open_.back() != name)
        fail(fmt::format("</{}> closes nothing", text::printable(name.substr(0, 40))));
    if (in_name_ && name == "name") {
        in_name_ = false;
        names_.at(values_open_ - 1) = decoded_name();
    }
    const bool closes_record = name == "value" && keeping_ == open_.size();
    open_.pop_back();
    if (closes_record)
        hand_out();
    if (name == "value")
        --values_open_;
}

void Slicer::Impl::hand_out()
{
    keeping_ = 0;
    const Value value = decode_value(record_);
    const bool second = values_open_ - 1 == slice_level;
    callback_(names_[0], second ? std::string_view(names_[1]) : std::string_view(), value);
}

Slicer::Slicer(Callback callback, std::size_t max_record)
    : impl_(std::make_unique<Impl>(std::move(callback), max_record))
{
}

Slicer::~Slicer() = default;

void Slicer::feed(std::string_view text)
{
    impl_->feed(text);
}

void Slicer::finish()
{
    impl_->finish();
}

} // namespace xenlab::xmlrpc
