#include "library/sinks/alert_sink.hpp"

#include <stdexcept>

#include "millrace/text/input_schema.hpp"
#include "millrace/text/text_list.hpp"
#include "millrace/text/value_text.hpp"

namespace millrace::library {

namespace {

constexpr std::size_t line_bytes_max = 1000;
constexpr std::chrono::milliseconds mail_timeout{30'000};

log_level level_of(severity s) noexcept {
  switch (s) {
    case severity::info:
      return log_level::info;
    case severity::warning:
      return log_level::warning;
    default:
      return log_level::error;
  }
}

result<void> find_all(const schema& s, const std::string& names, const std::string& parameter,
                      std::vector<std::uint32_t>& out) {
  out.clear();
  for (const auto& name : split_list(names, ',')) {
    const auto index = find_field(s, name, parameter);
    if (!index) return index.error();
    out.push_back(*index);
  }
  return {};
}

std::string text_of_message(const alert_message& m) {
  std::string out;
  for (const auto& line : m.lines) out += line + '\n';
  if (m.count > m.lines.size()) out += "… and " + std::to_string(m.count - m.lines.size()) + " more\n";
  return out;
}

std::string subject_of(const context& c, const alert_message& m) {
  return std::string{to_string(m.worst)} + ": " + c.actor_name() + (m.group.empty() ? "" : " " + m.group) +
         (m.count == 1 ? "" : " (" + std::to_string(m.count) + " alerts)");
}

}  // namespace

result<void> alert_sink::configure(wiring& w) {
  const bool is_webhook = *by_ == "webhook";
  if (auto ok = target_.configure(w, is_webhook); !ok) return ok;
  if (*by_ == "mail") {
    if (auto ok = configure_mail(); !ok) return ok;
  }
  threshold_ = *parse_severity(*at_least_);
  groups_ = std::make_unique<alert_groups>(
      alert_groups::setting{std::chrono::milliseconds{*wait_}, std::chrono::milliseconds{*quiet_},
                            static_cast<std::size_t>(*groups_max_), static_cast<std::size_t>(*lines_)});
  const auto type = dynamic_input_type(w, "in");
  return type == nullptr ? result<void>{} : find_fields(type->schema());
}

result<void> alert_sink::configure_mail() {
  if (auto ok = check_smtp_url(*smtp_, "smtp"); !ok) return ok;
  if (auto ok = check_mail_address(*from_, "from"); !ok) return ok;
  mail_.url = *smtp_;
  mail_.from = *from_;
  mail_.user = *user_;
  mail_.to = split_list(*recipients_, ',');
  mail_.wants_tls = *tls_ == "required";
  mail_.timeout = mail_timeout;
  if (mail_.to.empty()) return user_error(errc::invalid_argument, "parameter 'to' is empty: name who gets the mails");
  for (const auto& address : mail_.to) {
    if (auto ok = check_mail_address(address, "to"); !ok) return ok;
  }
  return {};
}

result<void> alert_sink::find_fields(const schema& s) {
  if (auto ok = find_all(s, *show_, "show", shown_); !ok) return ok;
  for (std::uint32_t i = 0; show_->empty() && i < s.fields.size(); ++i) shown_.push_back(i);
  if (auto ok = find_all(s, *group_by_, "group_by", grouping_); !ok) return ok;
  severity_field_.reset();
  if (severity_->empty()) return {};
  const auto index = find_field(s, *severity_, "severity");
  if (!index) return index.error();
  if (s.fields[*index].type.kind != field_kind::string) {
    return user_error(errc::schema_mismatch, "parameter 'severity': '" + *severity_ + "' is a " +
                                                 to_text(s.fields[*index].type) + ", no text");
  }
  severity_field_ = *index;
  return {};
}

void alert_sink::open(context&) {
  if (*by_ == "webhook") target_.open();
  if (*by_ == "mail") mail_.password = target_.secret();
  if (*by_ == "mail") mail_.ca_file = target_.ca_path();
  caller_ = std::make_unique<patient_caller>(
      circuit_breaker::setting{}, retry_schedule::setting{.deadline = std::chrono::milliseconds{*give_up_after_}});
  if (const auto at = groups_->due()) due_.set(*at);
}

void alert_sink::on_record(context& c, const record_view& record) {
  const auto s = severity_of(record);
  if (s < threshold_) return;
  groups_->add(group_of(record), s, line_of(record), c.now());
  send_due(c, c.now());
}

void alert_sink::send_due(context& c, processing_time until) {
  while (const auto m = groups_->next(until)) {
    send(c, *m);
    groups_->sent(m->group, c.now());
  }
  due_.clear();
  if (const auto at = groups_->due()) due_.set(*at);
}

void alert_sink::send(context& c, const alert_message& m) {
  if (*by_ == "log") return c.log(level_of(m.worst), subject_of(c, m) + ": " + text_of_message(m));
  const auto body =
      *by_ == "mail" ? mail_text(mail_, subject_of(c, m), text_of_message(m), c.now(), ++mails_) : json_of(c, m);
  const auto r = caller_->call(c, [&] {
    return *by_ == "mail" ? send_mail(mail_, body) : target_.call("POST", body, {{"Content-Type", "application/json"}});
  });
  if (verdict_of(r) == call_verdict::done) return;
  throw std::runtime_error("an alert could not be delivered: " + text_of(r));
}

severity alert_sink::severity_of(const record_view& record) const {
  if (!severity_field_) return severity::warning;
  const auto& v = record.field(*severity_field_);
  return v.kind() == value_kind::string ? parse_severity(v.as_string()).value_or(severity::critical)
                                        : severity::critical;
}

std::string alert_sink::line_of(const record_view& record) const {
  std::string out;
  for (const auto i : shown_) {
    const auto& f = record.schema().fields[i];
    if (!out.empty()) out += ' ';
    out += f.name + '=';
    append_text(out, f.type, record.field(i), time_format::iso);
  }
  for (auto& c : out) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  if (out.size() > line_bytes_max) out.resize(line_bytes_max);
  return out;
}

std::string alert_sink::group_of(const record_view& record) const {
  std::string out;
  for (const auto i : grouping_) {
    if (!out.empty()) out += ' ';
    append_text(out, record.schema().fields[i].type, record.field(i), time_format::iso);
  }
  if (out.size() > line_bytes_max) out.resize(line_bytes_max);
  return out;
}

std::string alert_sink::json_of(const context& c, const alert_message& m) const {
  std::string out = "{\"actor\": ";
  append_json_string(out, c.actor_name());
  out += ", \"group\": ";
  append_json_string(out, m.group);
  out += std::string{", \"severity\": \""} + to_string(m.worst) + "\", \"count\": " + std::to_string(m.count) +
         ", \"alerts\": [";
  for (std::size_t i = 0; i < m.lines.size(); ++i) {
    if (i != 0) out += ", ";
    append_json_string(out, m.lines[i]);
  }
  out += "], \"text\": ";
  append_json_string(out, subject_of(c, m) + "\n" + text_of_message(m));
  return out += "}\n";
}

}  // namespace millrace::library
