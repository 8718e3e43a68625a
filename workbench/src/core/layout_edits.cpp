#include "core/layout_edits.hpp"

#include <algorithm>

#include "core/text.hpp"

namespace millrace::workbench {
namespace {

constexpr const char* firstTitle = "Group";

result<void> checkTitle(const std::string& title) {
  if (!title.empty() && title.size() <= groupTitleBytesMax) return {};
  return user_error(errc::invalid_argument, "a group's title has 1 to 80 bytes: give it a shorter one");
}

}  // namespace

std::string freeGroupTitle(const TopologyLayout& layout, const std::string& wanted) {
  auto title = wanted;
  for (std::size_t n = 2; layout.groups.contains(title); ++n) title = wanted + " " + std::to_string(n);
  return title;
}

Edit grouping(const Document& document, const std::vector<std::string>& actors, std::string& title) {
  auto edit = document.edit();
  if (actors.empty()) return {};
  for (const auto& actor : actors) edit.takeOutOfGroup(actor);
  title = freeGroupTitle(edit.drawing().layout, firstTitle);
  edit.setGroup(title, NodeGroup{{actors.begin(), actors.end()}, false});
  return edit.take(QStringLiteral("Group"));
}

Edit ungrouping(const Document& document, const std::vector<std::string>& titles) {
  auto edit = document.edit();
  for (const auto& title : titles) edit.setGroup(title, std::nullopt);
  return edit.take(QStringLiteral("Ungroup"));
}

Edit collapsing(const Document& document, const std::vector<std::string>& titles, bool isCollapsed) {
  auto edit = document.edit();
  for (const auto& title : titles) {
    const auto at = document.layout().groups.find(title);
    if (at != document.layout().groups.end()) edit.setGroup(title, NodeGroup{at->second.actors, isCollapsed});
  }
  return edit.take(
      (isCollapsed ? QStringLiteral("Collapse %1") : QStringLiteral("Expand %1"))
          .arg(titles.size() == 1 ? toQt(titles.front()) : QStringLiteral("%1 groups").arg(titles.size())));
}

result<Edit> groupRenaming(const Document& document, const std::string& title, const std::string& to) {
  if (auto fine = checkTitle(to); !fine) return std::move(fine).error();
  auto edit = document.edit();
  const auto& groups = document.layout().groups;
  const auto at = groups.find(title);
  if (at == groups.end() || title == to) return edit.take({});
  if (groups.contains(to)) return user_error(errc::already_exists, "another group is called '" + to + "'");
  const auto group = at->second;
  edit.setGroup(title, std::nullopt);
  edit.setGroup(to, group);
  return edit.take(QStringLiteral("Rename group to %1").arg(toQt(to)));
}

result<Edit> groupAssignment(const Document& document, const std::string& actor, const std::string& title) {
  auto edit = document.edit();
  const auto* present = document.layout().groupOf(actor);
  if (present == nullptr ? title.empty() : *present == title) return edit.take({});
  edit.takeOutOfGroup(actor);
  if (!title.empty()) {
    if (auto fine = checkTitle(title); !fine) return std::move(fine).error();
    const auto& groups = edit.drawing().layout.groups;
    const auto at = groups.find(title);
    auto group = at == groups.end() ? NodeGroup{} : at->second;
    group.actors.insert(actor);
    edit.setGroup(title, std::move(group));
  }
  return edit.take(QStringLiteral("Group of %1").arg(toQt(actor)));
}

result<Edit> groupMembers(const Document& document, const std::string& title, const std::vector<std::string>& actors) {
  auto edit = document.edit();
  const auto at = document.layout().groups.find(title);
  if (at == document.layout().groups.end()) return edit.take({});
  const bool isCollapsed = at->second.isCollapsed;
  for (const auto& actor : actors) {
    if (document.spec().find(actor) == nullptr) {
      return user_error(errc::not_found, "there is no actor '" + actor + "': write names, with commas between");
    }
    if (!at->second.actors.contains(actor)) edit.takeOutOfGroup(actor);
  }
  edit.setGroup(title, NodeGroup{{actors.begin(), actors.end()}, isCollapsed});
  return edit.take(QStringLiteral("Actors of %1").arg(toQt(title)));
}

Edit commenting(const Document& document, QPointF place, const std::string& text, std::string& id) {
  auto edit = document.edit();
  std::size_t n = 1;
  while (document.layout().comments.contains(std::to_string(n))) ++n;
  id = std::to_string(n);
  edit.setComment(id, Comment{place, text});
  return edit.take(QStringLiteral("Comment"));
}

result<Edit> commentChange(const Document& document, const std::string& id, const std::string& text) {
  if (text.size() > commentBytesMax) {
    return user_error(errc::limit_exceeded, "a comment has up to 4000 bytes: shorten it, or write it into a file");
  }
  auto edit = document.edit();
  const auto at = document.layout().comments.find(id);
  if (at == document.layout().comments.end()) return edit.take({});
  edit.setComment(id, Comment{at->second.place, text});
  return edit.take(QStringLiteral("Edit comment"));
}

}  // namespace millrace::workbench
