#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "library/net/due_alarm.hpp"
#include "library/net/mail_client.hpp"
#include "library/net/patient_caller.hpp"
#include "library/net/web_target.hpp"
#include "library/sinks/alert_groups.hpp"
#include "millrace/port.hpp"
#include "millrace/sink.hpp"

namespace millrace::library {

/// Tells people: in the log of the run, to a web address, or by mail; a storm of alerts in a few messages.
///
/// Alerts that wait are in snapshots; a message is sent again when the run dies before the next one. Thread: one of its
/// own, because it waits for the answer.
class alert_sink final : public sink {
public:
  delivery delivers() const noexcept override { return delivery::at_least_once; }
  bool is_blocking() const noexcept override { return true; }
  result<void> configure(wiring& w) override;
  void open(context& c) override;
  void save_state(msgpack::writer& out) const override { groups_->encode(out); }
  bool load_state(msgpack::reader& in) override { return groups_->decode(in); }

private:
  void on_record(context& c, const record_view& record);
  void send_due(context& c, processing_time until);
  void send(context& c, const alert_message& m);
  [[nodiscard]] result<void> configure_mail();
  [[nodiscard]] result<void> find_fields(const schema& s);
  [[nodiscard]] severity severity_of(const record_view& record) const;
  [[nodiscard]] std::string line_of(const record_view& record) const;
  [[nodiscard]] std::string group_of(const record_view& record) const;
  [[nodiscard]] std::string json_of(const context& c, const alert_message& m) const;

  in<record_view> in_{this, "in", &alert_sink::on_record};
  param<std::string> by_{this,
                         "by",
                         "log",
                         {.choices = {"log", "webhook", "mail"},
                          .help = "Where alerts go; webhook needs 'url', mail "
                                  "needs 'smtp', 'from' and 'to'."}};
  param<std::string> severity_{this,
                               "severity",
                               "",
                               {.help = "The field that says how bad it is: info, warning, error or critical; anything "
                                        "else counts as critical. Empty: all are warnings."}};
  param<std::string> at_least_{
      this,
      "at_least",
      "info",
      {.choices = {"info", "warning", "error", "critical"}, .help = "What is less bad is left out."}};
  param<std::string> show_{this, "show", "", {.help = "The fields that are shown, separated by commas; empty: all."}};
  param<std::string> group_by_{
      this,
      "group_by",
      "",
      {.help = "Fields, separated by commas: alerts that agree in them go out together. Empty: all are one group."}};
  param<std::int64_t> wait_{
      this,
      "wait",
      0,
      {.unit = "ms", .min = 0, .max = 3'600'000, .help = "The first alert of a group waits so long for others."}};
  param<std::int64_t> quiet_{
      this,
      "quiet",
      60'000,
      {.unit = "ms", .min = 0, .max = 86'400'000, .help = "Time between two messages about a group."}};
  param<std::int64_t> groups_max_{
      this, "groups", 1'000, {.min = 1, .max = 100'000, .help = "Groups at once; alerts of more go out as 'others'."}};
  param<std::int64_t> lines_{
      this, "lines", 20, {.min = 1, .max = 1'000, .help = "Alerts a message shows; it counts all."}};
  web_target target_{this, {.url_help = "webhook: the http or https address that takes them.", .is_required = false}};
  param<std::string> smtp_{
      this, "smtp", "", {.help = "mail: the server, as smtp://host:587 or smtps://host; 'token' is the password."}};
  param<std::string> from_{this, "from", "", {.help = "mail: the sender's address."}};
  param<std::string> recipients_{this, "to", "", {.help = "mail: addresses, separated by commas."}};
  param<std::string> user_{this, "user", "", {.help = "mail: the user's name at the server; empty: no login."}};
  param<std::string> tls_{this,
                          "tls",
                          "required",
                          {.choices = {"required", "none"},
                           .help = "mail with smtp://: nothing is sent before the connection is encrypted; or it never "
                                   "is, for a server on this machine."}};
  param<std::int64_t> give_up_after_{
      this,
      "give_up_after",
      60'000,
      {.unit = "ms", .min = 0, .max = 3'600'000, .help = "A message is tried for so long; then the actor fails."}};

  std::unique_ptr<alert_groups> groups_;
  std::unique_ptr<patient_caller> caller_;
  mail_account mail_;
  severity threshold_ = severity::info;
  std::optional<std::uint32_t> severity_field_;
  std::vector<std::uint32_t> shown_;
  std::vector<std::uint32_t> grouping_;
  std::uint64_t mails_ = 0;
  due_alarm due_{this, [this](context& c, processing_time now) { send_due(c, now); }};
};

}  // namespace millrace::library
