#pragma once

#include <QFrame>
#include <QLineEdit>
#include <QListWidget>
#include <QPointer>
#include <QString>
#include <vector>

namespace millrace::workbench {

/// A small box over the canvas that finds something by a few of its letters and hands it back on Enter: types of actors
/// (Tab), places on the canvas (Ctrl+F), ports to wire to (W). Thread: GUI.
class SearchBox final : public QFrame {
  Q_OBJECT

public:
  struct Entry {
    QString id;      ///< what `chosen` hands back
    QString title;   ///< matched and shown
    QString detail;  ///< shown small; matched with less weight
  };

  explicit SearchBox(QWidget* parent);

  /// Opens over the parent's middle, with the keyboard. `purpose` tells one use from another in `chosen`.
  void open(int purpose, const QString& prompt, std::vector<Entry> entries);
  [[nodiscard]] int purpose() const noexcept { return m_purpose; }

Q_SIGNALS:
  void chosen(int purpose, const QString& id);

protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

private:
  void filter();
  void take();
  void dismiss(bool isTaken);

  QLineEdit* m_input;
  QListWidget* m_list;
  std::vector<Entry> m_entries;
  int m_purpose = 0;
  QPointer<QWidget> m_before;  ///< had the keyboard
};

}  // namespace millrace::workbench
