#include "panels/palette_panel.hpp"

#include <QIcon>
#include <QMimeData>
#include <QPainter>
#include <QVBoxLayout>
#include <map>

#include "canvas/canvas_view.hpp"
#include "canvas/theme.hpp"
#include "core/fuzzy_match.hpp"
#include "core/text.hpp"

namespace millrace::workbench {
namespace {

/// Hands the type's id over when an entry is dragged.
class TypeTree final : public QTreeWidget {
public:
  using QTreeWidget::QTreeWidget;

protected:
  [[nodiscard]] QMimeData* mimeData(const QList<QTreeWidgetItem*>& items) const override {
    auto* mime = new QMimeData;
    if (!items.isEmpty()) {
      mime->setData(QLatin1String(CanvasView::actorTypeMime), items.front()->data(0, Qt::UserRole).toString().toUtf8());
    }
    return mime;
  }
};

void paintKind(QPainter& p, ActorKind kind) {
  switch (kind) {
    case ActorKind::Producer:
      p.drawLine(QPointF{2, 8}, QPointF{13, 8});
      p.drawPolyline(QPolygonF{{{9, 4}, {13, 8}, {9, 12}}});
      return;
    case ActorKind::Router:
      p.drawLine(QPointF{2, 8}, QPointF{7, 8});
      p.drawPolyline(QPolygonF{{{13, 3}, {7, 8}, {13, 13}}});
      return;
    case ActorKind::Processor:
      p.drawEllipse(QPointF{8, 8}, 5.5, 5.5);
      p.drawPolyline(QPolygonF{{{8, 4.5}, {8, 8}, {10.5, 9.5}}});
      return;
    case ActorKind::Sink:
      p.drawPolyline(QPolygonF{{{3, 8}, {3, 13}, {13, 13}, {13, 8}}});
      p.drawLine(QPointF{8, 2.5}, QPointF{8, 9.5});
      p.drawPolyline(QPolygonF{{{5, 6.8}, {8, 9.8}, {11, 6.8}}});
      return;
  }
}

}  // namespace

QIcon kindIcon(ActorKind kind) {
  constexpr int size = 16;
  QIcon icon;
  for (const int scale : {1, 2}) {
    QPixmap pixmap{size * scale, size * scale};
    pixmap.setDevicePixelRatio(scale);
    pixmap.fill(Qt::transparent);
    QPainter painter{&pixmap};
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(QPen{Theme::current().of(kind), 1.6, Qt::SolidLine, Qt::RoundCap, Qt::RoundJoin});
    paintKind(painter, kind);
    icon.addPixmap(pixmap);
  }
  return icon;
}

PalettePanel::PalettePanel(QWidget* parent)
    : QWidget{parent}, m_filter{new QLineEdit{this}}, m_tree{new TypeTree{this}} {
  auto* layout = new QVBoxLayout{this};
  layout->setContentsMargins(8, 4, 8, 8);
  layout->addWidget(m_filter);
  layout->addWidget(m_tree);
  m_filter->setPlaceholderText(tr("Filter actors"));
  m_filter->setClearButtonEnabled(true);
  m_filter->setAccessibleName(tr("Filter actors"));
  m_tree->setHeaderHidden(true);
  m_tree->setIndentation(12);
  m_tree->setDragEnabled(true);
  m_tree->setDragDropMode(QAbstractItemView::DragOnly);
  m_tree->setAccessibleName(tr("Types of actors"));
  connect(m_filter, &QLineEdit::textChanged, this, &PalettePanel::filter);
  connect(m_tree, &QTreeWidget::itemActivated, this, [this](const QTreeWidgetItem* item) {
    const auto type = item->data(0, Qt::UserRole).toString();
    if (!type.isEmpty()) Q_EMIT typeActivated(type);
  });
}

void PalettePanel::setNotice(const QString& text) {
  m_tree->clear();
  auto* item = new QTreeWidgetItem{m_tree, {text}};
  item->setFlags(Qt::ItemIsEnabled);
  item->setToolTip(0, text);
}

void PalettePanel::setCatalogue(const ActorCatalogue& catalogue) {
  m_tree->clear();
  std::map<QString, QTreeWidgetItem*> groups;
  // Data flows from sources to sinks; so does the list.
  for (const auto* name : {"Sources", "Routing", "Processing", "Sinks"}) {
    const auto title = QString::fromLatin1(name);
    groups[title] = new QTreeWidgetItem{m_tree, {title}};
  }
  for (const auto& type : catalogue.types()) {
    const auto category = type.category.empty() ? tr("Mine") : toQt(type.category);
    auto& group = groups[category];
    if (group == nullptr) group = new QTreeWidgetItem{m_tree, {category}};
    auto* item = new QTreeWidgetItem{group, {toQt(type.title)}};
    item->setData(0, Qt::UserRole, toQt(type.id));
    item->setData(0, Qt::UserRole + 1, static_cast<int>(type.kind));
    item->setToolTip(0, toQt(type.help.empty() ? type.id : type.help + "\n" + type.id));
  }
  for (const auto& [title, group] : groups) {
    group->setFlags(Qt::ItemIsEnabled);
    group->setFont(0, ownFont(12, true));
    group->setHidden(group->childCount() == 0);
    group->sortChildren(0, Qt::AscendingOrder);
  }
  m_tree->expandAll();
  repaintIcons();
  filter(m_filter->text());
}

void PalettePanel::repaintIcons() {
  for (int g = 0; g < m_tree->topLevelItemCount(); ++g) {
    auto* group = m_tree->topLevelItem(g);
    group->setForeground(0, Theme::current().textDim);
    for (int i = 0; i < group->childCount(); ++i) {
      group->child(i)->setIcon(0, kindIcon(static_cast<ActorKind>(group->child(i)->data(0, Qt::UserRole + 1).toInt())));
    }
  }
}

void PalettePanel::focusFilter() {
  m_filter->setFocus();
  m_filter->selectAll();
}

bool PalettePanel::hasType(const QString& category, const QString& id) const {
  for (int g = 0; g < m_tree->topLevelItemCount(); ++g) {
    const auto* group = m_tree->topLevelItem(g);
    if (group->text(0) != category) continue;
    for (int i = 0; i < group->childCount(); ++i) {
      if (group->child(i)->data(0, Qt::UserRole).toString() == id) return true;
    }
  }
  return false;
}

void PalettePanel::filter(const QString& text) {
  for (int g = 0; g < m_tree->topLevelItemCount(); ++g) {
    auto* group = m_tree->topLevelItem(g);
    int shown = 0;
    for (int i = 0; i < group->childCount(); ++i) {
      const bool isHit = fuzzyScore(text, group->child(i)->text(0)).has_value();
      group->child(i)->setHidden(!isHit);
      shown += isHit ? 1 : 0;
    }
    if (group->data(0, Qt::UserRole).isNull() && group->childCount() > 0) group->setHidden(shown == 0);
  }
}

}  // namespace millrace::workbench
