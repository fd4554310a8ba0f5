#include <danaus/core/error.hpp>
#include <mri/data/ismrmrd_lines.hpp>

#include <algorithm>
#include <tuple>

namespace danaus::mri::detail {

namespace {

constexpr size_t heads_at_once = 4096;

/// Flags by their number.
enum Flag { noise = 19, calibration = 20, calibration_and_image = 21, reversed = 22 };
constexpr int not_image[] = {23, 24, 26, 27, 28, 29, 30, 31};

bool is_image(const io::IsmrmrdHead& a) {
  if (a.has_flag(noise) || (a.has_flag(calibration) && !a.has_flag(calibration_and_image))) return false;
  return std::none_of(std::begin(not_image), std::end(not_image), [&](int flag) { return a.has_flag(flag); });
}

/// A readout as a line of its own.
struct Entry {
  size_t slice, echo, y, z, readout;
  auto line() const { return std::tie(slice, echo, y, z); }
};

/// Index along a phase encoding, relative to whose centre positions are.
size_t shifted(size_t index, std::optional<size_t> centre, size_t extent, const char* name,
               const std::string& file) {
  const auto at =
      std::ptrdiff_t(index) + std::ptrdiff_t(extent / 2) - std::ptrdiff_t(centre.value_or(extent / 2));
  if (at < 0 || size_t(at) >= extent)
    throw DataError(file + ": a readout's " + name + " " + std::to_string(index) +
                    " lies outside the encoded matrix");
  return size_t(at);
}

void group(std::vector<Entry>& entries, IsmrmrdLines& found) {
  std::sort(entries.begin(), entries.end(), [](const Entry& a, const Entry& b) {
    return std::tuple_cat(a.line(), std::tie(a.readout)) < std::tuple_cat(b.line(), std::tie(b.readout));
  });
  for (size_t i = 0; i < entries.size(); ++i) {
    const auto& e = entries[i];
    if (i == 0 || entries[i - 1].line() != e.line()) found.lines.push_back({e.slice, e.echo, e.y, e.z, i, i});
    found.lines.back().last = i + 1;
    found.readouts.push_back(e.readout);
  }
  const auto& readouts = found.readouts;
  std::sort(found.lines.begin(), found.lines.end(), [&](const IsmrmrdLine& a, const IsmrmrdLine& b) {
    return std::tie(a.slice, readouts[a.first]) < std::tie(b.slice, readouts[b.first]);
  });
}

}  // namespace

IsmrmrdSpan image_span(const io::IsmrmrdHead& a, size_t coils, size_t extent, const std::string& file) {
  if (a.channels != coils)
    throw DataError(file + ": expected " + std::to_string(coils) + " channels in every readout, found " +
                    std::to_string(a.channels));
  const size_t last = a.samples - std::min(a.samples, a.discard_post);
  const size_t first = std::min<size_t>(a.discard_pre, last);
  const auto x = std::ptrdiff_t(extent / 2) + std::ptrdiff_t(first) - std::ptrdiff_t(a.center_sample);
  if (first < last && (x < 0 || size_t(x) + last - first > extent))
    throw DataError(file + ": a readout's samples reach outside the encoded matrix");
  return {first, last, size_t(x), a.has_flag(reversed)};
}

IsmrmrdLines find_lines(const io::IsmrmrdReader& reader, const IsmrmrdHeader& header,
                        const std::string& file) {
  const auto& n = header.encoded;
  const bool is_volume = n[2] > 1;
  IsmrmrdLines found;
  std::vector<Entry> entries;
  for (size_t first = 0; first < reader.size(); first += heads_at_once) {
    const auto heads = reader.read_heads(first, std::min(heads_at_once, reader.size() - first));
    for (size_t i = 0; i < heads.size(); ++i) {
      const auto& a = heads[i];
      if (a.has_flag(noise)) found.noise.push_back(first + i);
      if (!is_image(a)) continue;
      if (entries.empty()) found.coils = a.channels;
      image_span(a, found.coils, n[0], file);
      if (a.repetition > 0 || a.phase > 0 || a.set > 0)
        throw DataError(file + ": several repetitions, phases or sets; series are out of scope");
      if (is_volume && a.slice > 0) throw DataError(file + ": several slabs; expected one volume");
      found.slices = std::max<size_t>(found.slices, a.slice + size_t(1));
      found.echoes = std::max<size_t>(found.echoes, a.contrast + size_t(1));
      const size_t values = size_t(a.samples) * a.channels;
      found.samples += values;
      found.largest_readout = std::max(found.largest_readout, values);
      found.places.resize(found.slices);
      auto& place = found.places[a.slice];
      if (!place) place = SlicePlace{a.position, a.read_dir, a.phase_dir, a.slice_dir};
      const size_t y = shifted(a.step_1, header.centre_1, n[1], "kspace_encode_step_1", file);
      const size_t z = is_volume ? shifted(a.step_2, header.centre_2, n[2], "kspace_encode_step_2", file) : 0;
      entries.push_back({a.slice, a.contrast, y, z, first + i});
    }
  }
  if (entries.empty()) throw DataError(file + ": no readouts of an image");
  group(entries, found);
  return found;
}

}  // namespace danaus::mri::detail
