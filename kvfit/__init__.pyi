from .check import check_model as check_model
from .comparison.compare import Comparison as Comparison
from .comparison.compare import compare as compare
from .data.catalogue import describe_dataset as describe_dataset
from .data.catalogue import list_datasets as list_datasets
from .data.catalogue import load as load
from .inference.fit import Fit as Fit
from .inference.fit import fit as fit
from .inference.maximum_likelihood import PointFit as PointFit
from .inference.maximum_likelihood import point_fit as point_fit
from .inference.predict import predict as predict
from .likelihood import log_likelihood as log_likelihood
from .likelihood import simulate as simulate
from .registry import families as families
from .registry import get_model as get_model
from .reports.build import report as report
from .store import open_fit as open_fit
from .tasks.curves import curve as curve
from .tasks.curves import known_curves as known_curves
from .tasks.free_recall import FreeRecallData as FreeRecallData
from .tasks.readers import check_file as check_file
from .tasks.readers import read_free_recall as read_free_recall
from .tasks.recognition import RecognitionData as RecognitionData
from .tasks.recognition_reader import check_recognition as check_recognition
from .tasks.recognition_reader import read_recognition as read_recognition
from .tasks.similarity import read_similarity as read_similarity

__version__: str
