import { render } from 'preact';
import { App } from './app';
import { followLinks } from './lib/router';
import { applyTheme, followSystem } from './lib/theme';
import { takeToken } from './lib/token';
import './styles/tokens.css';
import './styles/base.css';
import './styles/parts.css';
import './styles/lab.css';
import './styles/run.css';
import './styles/sequence.css';
import './styles/storm.css';

takeToken();
applyTheme();
followSystem();
followLinks();
render(<App />, document.getElementById('app') as HTMLElement);
