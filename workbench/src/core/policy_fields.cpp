#include "core/policy_fields.hpp"

#include <algorithm>

#include "core/text.hpp"
#include "millrace/duration.hpp"

namespace millrace::workbench {
namespace {

using std::chrono::milliseconds;

// As the engine's validation has them.
constexpr std::uint32_t timesMax = 1000;
constexpr std::uint32_t percentMax = 100;

bool always(const failure_policy& /*policy*/) {
  return true;
}

bool isRetried(const failure_policy& p) {
  return p.action == failure_action::retry;
}

bool hasPauses(const failure_policy& p) {
  return isRetried(p) || hasRestarts(p);
}

PolicyField countField(const char* name, QString label, QString help, std::uint32_t failure_policy::*member,
                       std::uint32_t least, std::uint32_t most, PolicyField::Part part,
                       std::function<bool(const failure_policy&)> counts) {
  return {name,
          std::move(label),
          std::move(help),
          {},
          part,
          [member](const failure_policy& p) { return QString::number(p.*member); },
          [=](failure_policy& p, const QString& text) -> result<void> {
            bool isNumber = false;
            const auto number = text.trimmed().toUInt(&isNumber);
            if (!isNumber || number < least || number > most) {
              return user_error(errc::invalid_argument, std::string{name} + " is a whole number from " +
                                                            std::to_string(least) + " to " + std::to_string(most));
            }
            p.*member = number;
            return {};
          },
          std::move(counts)};
}

PolicyField timeField(const char* name, QString label, QString help, milliseconds failure_policy::*member,
                      PolicyField::Part part, std::function<bool(const failure_policy&)> counts) {
  return {name,
          std::move(label),
          std::move(help),
          {},
          part,
          [member](const failure_policy& p) { return toQt(to_text(p.*member)); },
          [=](failure_policy& p, const QString& text) -> result<void> {
            const auto time = parse_duration(toStd(text.trimmed()));
            if (!time) return user_error(errc::invalid_argument, std::string{name} + ": " + time.error().message);
            p.*member = *time;
            return {};
          },
          std::move(counts)};
}

template <class Choice>
PolicyField choiceField(const char* name, QString label, QString help, Choice failure_policy::*member,
                        const std::vector<Choice>& choices, PolicyField::Part part,
                        std::function<bool(const failure_policy&)> counts) {
  QStringList texts;
  for (const auto c : choices) texts << QString::fromLatin1(to_string(c));
  return {name,
          std::move(label),
          std::move(help),
          texts,
          part,
          [member](const failure_policy& p) { return QString::fromLatin1(to_string(p.*member)); },
          [=](failure_policy& p, const QString& text) -> result<void> {
            if (!texts.contains(text)) {
              return user_error(errc::invalid_argument,
                                std::string{name} + " is one of " + toStd(texts.join(QStringLiteral(", "))));
            }
            (void)parse(toStd(text), p.*member);
            return {};
          },
          std::move(counts)};
}

std::vector<PolicyField> makeFields() {
  using P = failure_policy;
  using A = failure_action;
  using Part = PolicyField::Part;
  return {
      choiceField("action", QStringLiteral("On failure"),
                  QStringLiteral("What becomes of an event whose handler throws, and of the task."), &P::action,
                  {A::restart, A::resume, A::retry, A::stop, A::escalate}, Part::Own, always),
      countField("max_attempts", QStringLiteral("Attempts"),
                 QStringLiteral("How often the handler gets the same event, with a pause before each further time."),
                 &P::max_attempts, 1, timesMax, Part::Own, isRetried),
      choiceField("after_retries", QStringLiteral("Then"), QStringLiteral("When the last attempt has failed, too."),
                  &P::after_retries, {A::resume, A::restart, A::stop, A::escalate}, Part::Own, isRetried),
      choiceField("scope", QStringLiteral("Goes back with it"),
                  QStringLiteral("one_for_one: the task alone; rest_for_one: with all that lies downstream of it; "
                                 "all_for_one: with all of its group."),
                  &P::scope, {restart_scope::one_for_one, restart_scope::rest_for_one, restart_scope::all_for_one},
                  Part::Restarts, hasRestarts),
      countField("max_restarts", QStringLiteral("Restarts at most"),
                 QStringLiteral("More of them within the period end the restarts."), &P::max_restarts, 0, timesMax,
                 Part::Restarts, hasRestarts),
      timeField("period", QStringLiteral("Within"), QStringLiteral("The time in which restarts are counted, e.g. 1m."),
                &P::period, Part::Restarts, hasRestarts),
      choiceField("beyond", QStringLiteral("After too many"),
                  QStringLiteral("stop: the topology; escalate: the whole process ends, for whoever supervises it."),
                  &P::beyond, {A::stop, A::escalate}, Part::Restarts, hasRestarts),
      timeField("backoff", QStringLiteral("First pause"),
                QStringLiteral("Before the first further attempt or restart; doubles with each one, e.g. 100ms."),
                &P::backoff, Part::Pauses, hasPauses),
      timeField("backoff_max", QStringLiteral("Longest pause"), QStringLiteral("What pauses grow up to, e.g. 10s."),
                &P::backoff_max, Part::Pauses, hasPauses),
      countField("jitter_percent", QStringLiteral("Jitter (%)"),
                 QStringLiteral("Each pause is longer or shorter by up to so much, so that not all come at once."),
                 &P::jitter_percent, 0, percentMax, Part::Pauses, hasPauses),
      timeField("hang_after", QStringLiteral("Hangs after"),
                QStringLiteral("Without progress for so long while work waits a task hangs, e.g. 30s; 0s: nobody "
                               "looks."),
                &P::hang_after, Part::Own, always),
      choiceField("on_hang", QStringLiteral("When it hangs"),
                  QStringLiteral("report: it is said; rebuild: another one takes its place; restart: the whole process "
                                 "ends, for whoever supervises it."),
                  &P::on_hang, {hang_action::report, hang_action::rebuild, hang_action::restart}, Part::Own,
                  [](const P& p) { return p.hang_after.count() > 0; }),
  };
}

}  // namespace

bool hasRestarts(const failure_policy& p) noexcept {
  return p.action == failure_action::restart || p.on_hang == hang_action::rebuild ||
         (p.action == failure_action::retry && p.after_retries == failure_action::restart);
}

const std::vector<PolicyField>& policyFields() {
  static const auto fields = makeFields();
  return fields;
}

const PolicyField& policyField(const char* name) {
  const std::string_view wanted{name};
  return *std::ranges::find_if(policyFields(), [&](const PolicyField& f) { return f.name == wanted; });
}

}  // namespace millrace::workbench
