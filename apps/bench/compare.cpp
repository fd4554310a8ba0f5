#include "verbs.hpp"

#include <danaus/core/error.hpp>
#include <danaus/io/atomic_file.hpp>

#include <algorithm>

namespace danaus::app {
namespace {

enum class Verdict { same, better, worse, missing, added, not_comparable };

const char* name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::same:
      return "same";
    case Verdict::better:
      return "better";
    case Verdict::worse:
      return "worse";
    case Verdict::missing:
      return "missing";
    case Verdict::added:
      return "new";
    case Verdict::not_comparable:
      return "not comparable";
  }
  return "";
}

/// A row of a report, checked: the file may come from anywhere.
struct Row {
  std::string name, size, rival;
  bool has_ratio = false, smaller_is_better = true;
  double value = 0, lower = 0, upper = 0;  ///< the ratio, or our seconds where there is no rival

  bool is_same_case(const Row& other) const {
    return name == other.name && size == other.size && rival == other.rival && has_ratio == other.has_ratio;
  }
};

struct Report {
  std::string cpu;
  std::int64_t threads = 0;
  std::vector<Row> rows;
};

/// "FFTW PATIENT r2c, contiguous" is the same opponent as the same in another layout: the best of each run
/// counts.
std::string without_layout(const std::string& rival) { return rival.substr(0, rival.find(',')); }

double number(const Json& row, const char* key, const std::string& where) {
  if (!row.contains(key) || !row[key].is_number() || !(row[key].get<double>() > 0))
    throw DataError(where + ": expected a positive number \"" + key +
                    "\"; is this a report of danaus-bench --json?");
  return row[key].get<double>();
}

std::string text(const Json& row, const char* key, const std::string& where) {
  if (!row.contains(key) || !row[key].is_string())
    throw DataError(where + ": expected text \"" + key + "\"; is this a report of danaus-bench --json?");
  return row[key].get<std::string>();
}

Row read_row(const Json& json, const std::string& where) {
  if (!json.is_object()) throw DataError(where + ": expected an object");
  Row row;
  row.name = text(json, "case", where), row.size = text(json, "size", where);
  row.has_ratio = json.contains("ratio") && !json["ratio"].is_null();
  if (row.has_ratio) {
    row.rival = without_layout(text(json, "rival", where));
    row.value = number(json, "ratio", where);
    row.smaller_is_better = json.contains("smaller_is_better") && json["smaller_is_better"] == true;
  } else {
    row.value = number(json, "ours_seconds", where);
  }
  const Json spread = json.value("spread", Json());
  if (!spread.is_array() || spread.size() != 2 || !spread[0].is_number() || !spread[1].is_number())
    throw DataError(where + ": expected \"spread\" with two numbers");
  row.lower = spread[0].get<double>(), row.upper = spread[1].get<double>();
  return row;
}

Report read_report(const std::string& file) {
  const Json json = Json::parse(io::read_file(file), nullptr, false);
  if (!json.is_object() || !json.contains("results") || !json["results"].is_array() ||
      !json.contains("machine") || !json["machine"].is_object())
    throw DataError(
        file + ": expected a JSON object with \"machine\" and \"results\", as danaus-bench --json prints");
  Report report;
  report.cpu = text(json["machine"], "cpu", file + ": machine");
  report.threads = std::int64_t(number(json["machine"], "threads", file + ": machine"));
  for (size_t r = 0; r < json["results"].size(); ++r)
    report.rows.push_back(read_row(json["results"][r], file + ": results[" + std::to_string(r) + "]"));
  return report;
}

/// Worse or better only where the spreads do not meet and the change is more than the tolerance.
Verdict judge(const Row& before, const Row& after, double tolerance) {
  const double change = after.value / before.value - 1;
  const bool rose = after.lower > before.upper && change > tolerance;
  const bool fell = after.upper < before.lower && -change > tolerance;
  if (!rose && !fell) return Verdict::same;
  return rose == after.smaller_is_better ? Verdict::worse : Verdict::better;
}

Json compared(const Report& before, const Report& after, double tolerance) {
  // Seconds of two machines say nothing about the program; ratios do.
  const bool same_machine = before.cpu == after.cpu && before.threads == after.threads;
  Json rows = Json::array();
  const auto add = [&](const Row& row, Verdict verdict, const Json& a, const Json& b) {
    rows.push_back(
        {{"case", row.name},
         {"size", row.size},
         {"rival", row.has_ratio ? Json(row.rival) : Json(nullptr)},
         {"quantity", row.has_ratio ? "ratio" : "ours_seconds"},
         {"before", a},
         {"after", b},
         {"change", a.is_null() || b.is_null() ? Json(nullptr) : Json(b.get<double>() / a.get<double>() - 1)},
         {"verdict", name_of(verdict)}});
  };
  std::vector<bool> seen(after.rows.size());
  for (const Row& row : before.rows) {
    const auto found = std::find_if(after.rows.begin(), after.rows.end(),
                                    [&](const Row& other) { return other.is_same_case(row); });
    if (found == after.rows.end()) {
      add(row, Verdict::missing, row.value, nullptr);
      continue;
    }
    seen[size_t(found - after.rows.begin())] = true;
    const bool comparable = row.has_ratio || same_machine;
    add(row, comparable ? judge(row, *found, tolerance) : Verdict::not_comparable, row.value, found->value);
  }
  for (size_t r = 0; r < seen.size(); ++r)
    if (!seen[r]) add(after.rows[r], Verdict::added, nullptr, after.rows[r].value);
  return rows;
}

size_t count(const Json& rows, Verdict verdict) {
  return size_t(std::count_if(rows.begin(), rows.end(),
                              [&](const Json& row) { return row["verdict"] == name_of(verdict); }));
}

std::string comparison_text(const Json& comparison) {
  std::string text;
  char line[400];
  const auto number_text = [](const Json& value) {
    char buffer[32] = "-";
    if (!value.is_null()) std::snprintf(buffer, sizeof buffer, "%.4g", value.get<double>());
    return std::string(buffer);
  };
  for (const auto& row : comparison["results"]) {
    char change[32] = "";
    if (!row["change"].is_null())
      std::snprintf(change, sizeof change, "%+.1f %%", 100 * row["change"].get<double>());
    const std::string name = row["case"].get<std::string>() + "; " + row["size"].get<std::string>() +
                             (row["rival"].is_null() ? "" : "; " + row["rival"].get<std::string>());
    std::snprintf(line, sizeof line, "%-14s %10s -> %-10s %9s  %-12s %s\n",
                  row["verdict"].get<std::string>().c_str(), number_text(row["before"]).c_str(),
                  number_text(row["after"]).c_str(), change, row["quantity"].get<std::string>().c_str(),
                  name.c_str());
    text += line;
  }
  std::snprintf(line, sizeof line, "%zu worse, %zu better, %zu missing of %zu\n",
                comparison["worse"].get<size_t>(), comparison["better"].get<size_t>(),
                comparison["missing"].get<size_t>(), comparison["results"].size());
  return text + line;
}

Outcome run_compare(const Options& options) {
  if (options.operands().size() != 2)
    throw UsageError("expected two files, BEFORE.json and AFTER.json, found " +
                     std::to_string(options.operands().size()));
  const Report before = read_report(options.operands()[0]), after = read_report(options.operands()[1]);
  const Json rows = compared(before, after, options.real("tolerance"));
  Outcome outcome;
  outcome.json = {{"before", options.operands()[0]},
                  {"after", options.operands()[1]},
                  {"same_machine", before.cpu == after.cpu && before.threads == after.threads},
                  {"worse", count(rows, Verdict::worse)},
                  {"better", count(rows, Verdict::better)},
                  {"missing", count(rows, Verdict::missing)},
                  {"results", rows}};
  outcome.text = comparison_text(outcome.json);
  // As `check` of the other programs: the file was read, and it is not good.
  if (count(rows, Verdict::worse) > 0) outcome.exit_code = int(ExitCode::data);
  return outcome;
}

}  // namespace

Verb bench_compare_verb() {
  Verb verb;
  verb.name = "compare";
  verb.summary = "finds regressions beyond the spread between two reports; exits 65 if there are any";
  verb.operands = "BEFORE.json AFTER.json";
  verb.uses_kokkos = false;
  verb.options = {real_option("tolerance", "0.05", 0, 1, "a relative change up to this is none"),
                  common_option("json"), common_option("quiet"), common_option("help")};
  verb.examples = {"danaus-bench compare before.json after.json"};
  verb.run = run_compare;
  return verb;
}

}  // namespace danaus::app
