#include "core/supervision_edits.hpp"

#include <algorithm>
#include <set>

#include "core/policy_fields.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

constexpr const char* usualName = "group";

void takeOut(std::vector<group_spec>& groups, const std::vector<std::string>& actors) {
  for (auto& g : groups) {
    std::erase_if(g.actors, [&](const std::string& a) { return std::ranges::find(actors, a) != actors.end(); });
  }
}

}  // namespace

const failure_policy* restartPolicy(const topology& spec, const std::string& actor) {
  if (const auto* group = spec.group_of(actor)) return &group->restarts;
  const auto* found = spec.find(actor);
  return found == nullptr ? nullptr : &found->on_failure;
}

result<Edit> policyChange(const Document& document, const std::string& actor, const char* field, const QString& text) {
  auto edit = document.edit();
  const auto index = edit.find(actor);
  if (!index) return user_error(errc::not_found, "there is no actor '" + actor + "'");
  auto changed = document.spec().actors[*index];
  if (auto ok = policyField(field).take(changed.on_failure, text); !ok) return ok.error();
  edit.changeActor(*index, std::move(changed));
  return edit.take(QStringLiteral("%1 of %2").arg(policyField(field).label, toQt(actor)));
}

result<Edit> groupPolicyChange(const Document& document, const std::string& group, const char* field,
                               const QString& text) {
  auto groups = document.spec().groups;
  const auto at = std::ranges::find(groups, group, &group_spec::name);
  if (at == groups.end()) return user_error(errc::not_found, "there is no supervision group '" + group + "'");
  if (auto ok = policyField(field).take(at->restarts, text); !ok) return ok.error();
  auto edit = document.edit();
  edit.setSupervision(std::move(groups));
  return edit.take(QStringLiteral("%1 of group %2").arg(policyField(field).label, toQt(group)));
}

result<Edit> supervision(const Document& document, const std::vector<std::string>& actors, const std::string& group) {
  if (!group.empty() && !is_valid_name(group)) {
    return user_error(errc::invalid_argument,
                      "'" + group + "' is no name: use 1 to 64 of the characters a-z, A-Z, 0-9, _ and -");
  }
  auto groups = document.spec().groups;
  takeOut(groups, actors);
  if (!group.empty()) {
    auto at = std::ranges::find(groups, group, &group_spec::name);
    if (at == groups.end()) at = groups.insert(groups.end(), group_spec{group, {}, {}});
    at->actors.insert(at->actors.end(), actors.begin(), actors.end());
  }
  auto edit = document.edit();
  edit.setSupervision(std::move(groups));
  return edit.take(group.empty() ? QStringLiteral("Supervise alone")
                                 : QStringLiteral("Supervise as %1").arg(toQt(group)));
}

const group_spec* supervisionOf(const Drawing& drawing, const std::string& title) {
  const auto frame = drawing.layout.groups.find(title);
  if (frame == drawing.layout.groups.end()) return nullptr;
  for (const auto& g : drawing.spec.groups) {
    if (std::set<std::string>{g.actors.begin(), g.actors.end()} == frame->second.actors) return &g;
  }
  return nullptr;
}

std::string supervisionName(const topology& spec, const std::string& title) {
  std::string base;
  for (const char c : title) {
    const bool isFine = is_valid_name(std::string{c});
    if (isFine) base += c;
    if (!isFine && !base.empty() && base.back() != '-') base += '-';
  }
  while (!base.empty() && base.back() == '-') base.pop_back();
  // Room for a number behind it.
  base = base.empty() ? usualName : base.substr(0, name_chars_max - 5);
  auto name = base;
  for (int n = 2; std::ranges::find(spec.groups, name, &group_spec::name) != spec.groups.end(); ++n) {
    name = base + "-" + std::to_string(n);
  }
  return name;
}

}  // namespace millrace::workbench
