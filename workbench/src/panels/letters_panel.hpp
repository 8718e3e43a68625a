#pragma once

#include <QComboBox>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTreeWidget>
#include <QWidget>
#include <nlohmann/json.hpp>
#include <vector>

#include "core/letter_fixes.hpp"
#include "engine/command_link.hpp"

namespace millrace::workbench {

/// Dead letters of the topology in front: what was given up and why, to be mended one by one or many at a time, sent
/// through once more or discarded; by state and reason, page by page or all that one can deal with. What the engine is
/// asked goes out as `wanted`, its answers come in by `take`. Thread: GUI.
class LettersPanel final : public QWidget {
  Q_OBJECT

public:
  explicit LettersPanel(QWidget* parent = nullptr);
  void setTopology(const std::string& topology);
  /// Those of one actor only; empty: of all.
  void setActor(const std::string& actor);
  void take(const Command& command);
  /// The first page.
  void refresh();
  /// One page more, or (`isAll`) all that are left.
  void loadMore(bool isAll);
  [[nodiscard]] QTreeWidget& list() noexcept { return *m_list; }
  [[nodiscard]] QPlainTextEdit& content() noexcept { return *m_content; }
  [[nodiscard]] QString message() const { return m_message->text(); }
  /// Mends what is selected; `isReplayed`: and sends it through once more when that is done.
  void fix(bool isReplayed);
  /// Sends what is selected through once more, as it is.
  void replay();
  /// Drops what is selected, after a question.
  void discard();

  /// A page has 500 letters and half a MiB at most.
  static constexpr int pagesMax = 100;

Q_SIGNALS:
  void wanted(const std::string& verb, const nlohmann::json& args, const QString& title);

private:
  void show(const nlohmann::json& answer, bool isFirst);
  void showContent();
  void askForPage(const QString& after);
  /// Of the letters of those names, as many at a time as the engine takes.
  void act(const char* verb, const QString& title, const std::string& topology, const nlohmann::json& ids);
  /// Empty, with a word about it: nothing is selected.
  [[nodiscard]] nlohmann::json chosen();
  [[nodiscard]] std::vector<LetterNote> chosenLetters() const;

  std::string m_topology, m_actor;
  std::vector<nlohmann::json> m_replays;  // what is being mended, to be sent through when that is done
  nlohmann::json m_asked;                 // the page on its way
  QString m_next;                         // the page after the last one; empty: there is none
  int m_pages = 0;
  bool m_isLoadingAll = false;
  QComboBox* m_state;
  QLineEdit* m_reason;
  QPushButton* m_more = nullptr;
  QPushButton* m_all = nullptr;
  QTreeWidget* m_list;
  QPlainTextEdit* m_content;
  QLineEdit* m_match;
  QLineEdit* m_with;
  QLabel* m_message;
};

}  // namespace millrace::workbench
