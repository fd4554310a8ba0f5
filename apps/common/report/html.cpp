#include "html.hpp"

namespace danaus::app {
namespace {

/// Series colours are those of Okabe and Ito, told apart with any colour vision.
constexpr const char* style = R"css(
:root{--ink:#1c2430;--soft:#5b6675;--paper:#fff;--card:#f6f8fa;--line:#d9dfe6;--accent:#c2410c;
--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#b0578d;--s4:#a87900;--s5:#2d8fc4}
@media(prefers-color-scheme:dark){:root{--ink:#e6eaf0;--soft:#98a3b3;--paper:#12161c;--card:#1a2028;--line:#323b47;
--accent:#fb923c;--s0:#56b4e9;--s1:#f08a3c;--s2:#2fc79a;--s3:#e08fc0;--s4:#e6b93c;--s5:#8fc7ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:1080px;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:1.9rem;line-height:1.2;margin:0 0 .3rem;letter-spacing:-.01em}
h2{font-size:1.35rem;margin:2.6rem 0 .6rem;padding-top:1.4rem;border-top:1px solid var(--line)}
h3{font-size:1.02rem;margin:1.8rem 0 .5rem}
p{margin:.4rem 0 1rem;max-width:75ch}
.sub{color:var(--soft);margin-bottom:1.6rem}
.scroll{overflow-x:auto}
table.data{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.93rem}
table.data th{color:var(--soft);font-weight:600;border-bottom:2px solid var(--line);text-align:left;vertical-align:bottom}
table.data td{border-bottom:1px solid var(--line)}
table.data th,table.data td{padding:.45rem .7rem;white-space:nowrap}
table.data .n{text-align:right}
table.data tr.best td{font-weight:600}
figure{margin:1rem 0;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem}
figcaption{color:var(--soft);font-size:.9rem;margin-top:.5rem}
svg{width:100%;height:auto;display:block;font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
svg text{fill:var(--soft)}
svg .axis{stroke:var(--soft);stroke-width:1}
svg .grid{stroke:var(--line);stroke-width:1}
svg .curve{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round}
svg .dashed{stroke-dasharray:5 4}
.s0{stroke:var(--s0)}.s1{stroke:var(--s1)}.s2{stroke:var(--s2)}.s3{stroke:var(--s3)}.s4{stroke:var(--s4)}.s5{stroke:var(--s5)}
circle.s0{fill:var(--s0)}circle.s1{fill:var(--s1)}circle.s2{fill:var(--s2)}circle.s3{fill:var(--s3)}circle.s4{fill:var(--s4)}circle.s5{fill:var(--s5)}
.pair{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,440px),1fr));gap:0 1rem}
table.fields{border-collapse:separate;border-spacing:6px;font-size:.85rem;color:var(--soft)}
table.fields th{font-weight:600;text-align:center}
table.fields th[scope=row]{text-align:right;padding-right:.5rem;white-space:nowrap;color:var(--ink)}
table.fields td{padding:0;text-align:center;line-height:1.25}
table.fields img{width:148px;height:148px;display:block;border-radius:3px}
.bar{display:inline-flex;align-items:center;gap:.5rem;margin:.2rem 1.6rem .2rem 0;color:var(--soft);font-size:.85rem;font-variant-numeric:tabular-nums}
.bar img{width:180px;height:12px;border-radius:2px}
footer{margin-top:3rem;color:var(--soft);font-size:.85rem;border-top:1px solid var(--line);padding-top:1rem}
code{font:.88em ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
@media print{main{max-width:none}figure{break-inside:avoid}}
)css";

}  // namespace

std::string html_escaped(const std::string& text) {
  std::string result;
  for (char c : text) {
    if (c == '&')
      result += "&amp;";
    else if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '"')
      result += "&quot;";
    else
      result += c;
  }
  return result;
}

void HtmlPage::subtitle(const std::string& text) {
  body_ += "<p class=\"sub\">" + html_escaped(text) + "</p>\n";
}
void HtmlPage::heading(const std::string& text) { body_ += "<h2>" + html_escaped(text) + "</h2>\n"; }
void HtmlPage::subheading(const std::string& text) { body_ += "<h3>" + html_escaped(text) + "</h3>\n"; }
void HtmlPage::paragraph(const std::string& text) { body_ += "<p>" + html_escaped(text) + "</p>\n"; }

void HtmlPage::table(const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows,
                     size_t numeric) {
  const auto cell = [&](const char* tag, size_t column, const std::string& text) {
    return std::string("<") + tag + (column >= numeric ? " class=\"n\">" : ">") + html_escaped(text) + "</" +
           tag + ">";
  };
  body_ += "<div class=\"scroll\"><table class=\"data\"><thead><tr>";
  for (size_t column = 0; column < head.size(); ++column) body_ += cell("th", column, head[column]);
  body_ += "</tr></thead><tbody>\n";
  for (const auto& row : rows) {
    body_ += "<tr>";
    for (size_t column = 0; column < row.size(); ++column) body_ += cell("td", column, row[column]);
    body_ += "</tr>\n";
  }
  body_ += "</tbody></table></div>\n";
}

std::string HtmlPage::html() const {
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
         "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
         "<meta name=\"color-scheme\" content=\"light dark\"><title>" +
         html_escaped(title_) + "</title><style>" + style + "</style></head><body><main>\n<h1>" +
         html_escaped(title_) + "</h1>\n" + body_ + "</main></body></html>\n";
}

}  // namespace danaus::app
