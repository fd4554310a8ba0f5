#include <danaus/mri/data/qdess.hpp>

#include <cmath>

namespace danaus::mri {

QdessSignal qdess_signal(const Tissue& tissue, const QdessTiming& t) {
  const double e1 = std::exp(-t.repetition / tissue.t1), e2 = std::exp(-t.repetition / tissue.t2);
  const double c = std::cos(t.flip);
  const double below = (1 - e1 * c) * (1 - e1 * c) - e2 * e2 * (e1 - c) * (e1 - c);
  const double r = std::sqrt((1 - e2 * e2) / below);
  const double scale = tissue.proton_density * std::tan(t.flip / 2);
  return {scale * (1 - (e1 - c) * r) * std::exp(-t.echo / tissue.t2),
          scale * (1 - (1 - e1 * c) * r) * std::exp(t.echo / tissue.t2)};
}

double qdess_t2(double first, double second, double assumed_t1, const QdessTiming& t) {
  if (!(first > 0) || !(second > 0)) return 0;
  const double e1 = std::exp(-t.repetition / assumed_t1), half = std::sin(t.flip / 2);
  const double k = half * half * (1 + e1) / (1 - std::cos(t.flip) * e1);
  const double logarithm = std::log(second / (first * k));
  return logarithm < 0 ? -2 * (t.repetition - t.echo) / logarithm : 0;
}

}  // namespace danaus::mri
