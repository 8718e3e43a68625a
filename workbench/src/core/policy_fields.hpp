#pragma once

#include <QString>
#include <QStringList>
#include <cstdint>
#include <functional>
#include <vector>

#include "millrace/error.hpp"
#include "millrace/failure_policy.hpp"

namespace millrace::workbench {

/// One member of a failure policy as people read and write it. The texts are those of a `.mill` file.
struct PolicyField {
  const char* name;                                               ///< in the file: `max_attempts`
  QString label, help;                                            ///< for people
  QStringList choices;                                            ///< the only texts allowed; none: it is typed
  enum class Part : std::uint8_t { Own, Restarts, Pauses } part;  ///< pauses are those of restarts and of retries
  std::function<QString(const failure_policy&)> text;
  /// Errors (`invalid_argument`) say what may be given; the policy is as before then.
  std::function<result<void>(failure_policy&, const QString&)> take;
  /// Whether it means anything in this policy.
  std::function<bool(const failure_policy&)> counts;

  /// Whether a supervision group's counts instead of the actor's.
  [[nodiscard]] bool isOfRestarts() const noexcept { return part != Part::Own; }
};

/// All of them, in the order in which they matter. Thread: any.
[[nodiscard]] const std::vector<PolicyField>& policyFields();
[[nodiscard]] const PolicyField& policyField(const char* name);

/// Whether tasks under this policy are ever restarted.
[[nodiscard]] bool hasRestarts(const failure_policy& policy) noexcept;

}  // namespace millrace::workbench
