"""The former home of the inception score; use `equipoise.metrics.inception`."""

from equipoise.metrics.inception import inception_score as inception_score
from equipoise.metrics.inception import mode_score as mode_score
